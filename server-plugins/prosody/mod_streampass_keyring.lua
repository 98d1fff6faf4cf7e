-- Lets Prosody with Jitsi's token modules know several secrets at one time. It finds the secret of each token by its `kid` in
-- a key ring file, which it reads again for each login. Nothing has to be reloaded when a secret changes.
--
-- On the VirtualHost with authentication = "token":
--
--     modules_enabled = { "streampass_keyring" }
--     streampass_keyring = "/etc/streampass/jitsi.keyring.json"
--     app_secret = "…"  -- must be there and is never used: 32 random bytes that nobody keeps
--
-- mod_auth_token fires the event before it verifies a token, and verifies it with session.public_key if that is set,
-- for HS256 as well (jitsi-meet, resources/prosody-plugins/mod_auth_token.lua and token/util.lib.lua).

local json = require "util.json";
local base64 = require "util.encodings".base64;
local random_bytes = require "util.random".bytes;

local path = module:get_option_string("streampass_keyring", "/etc/streampass/jitsi.keyring.json");

-- RFC 7518, 3.2; an empty secret would let anybody in.
local minimum_secret_bytes = 32;

-- This key verifies the tokens whose key is not known, so that they are never verified with app_secret.
local nobodys_secret = random_bytes(32);

-- The content of the file when it was last valid; empty before that.
local ring = {};
local last_problem;

local function parse_ring(text)
    local ok, secrets = pcall(json.decode, text);
    if not ok or type(secrets) ~= "table" then
        return nil, "it is not a JSON object";
    end
    local sound = {};
    for kid, secret in pairs(secrets) do
        if type(kid) ~= "string" or type(secret) ~= "string" or #secret < minimum_secret_bytes then
            return nil, "an entry is not a secret of 32 bytes or more";
        end
        sound[kid] = secret;
    end
    if next(sound) == nil then
        return nil, "it holds no secret";
    end
    return sound;
end

local function read_ring()
    local file, problem = io.open(path, "r");
    local read;
    if file then
        read, problem = parse_ring(file:read("*a") or "");
        file:close();
    end
    if read then
        ring = read;
    elseif problem ~= last_problem then
        module:log("error", "%s is not used as it is: %s", path, problem);
    end
    last_problem = problem;
end

local function kid_of(token)
    local header = token:match("^([%w_-]+)%.");
    if not header then return nil; end
    local padding = ("="):rep(-#header % 4);
    local text = base64.decode((header:gsub("-", "+"):gsub("_", "/")) .. padding);
    local ok, decoded = pcall(json.decode, text or "");
    return ok and type(decoded) == "table" and decoded.kid or nil;
end

module:hook_global("pre-jitsi-authentication-fetch-key", function (session)
    if session.host ~= module.host or session.auth_token == nil then return; end
    read_ring();
    local kid = kid_of(session.auth_token);
    session.public_key = type(kid) == "string" and ring[kid] or nobodys_secret;
end);

read_ring();
