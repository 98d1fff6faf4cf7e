-- Shuts out users who were denied (npm run deny). It ends their sessions, and refuses their logins even if their token has not
-- expired. It knows them by the hashes in the `for` of their tokens. The agent (streampass-node watch) writes the list of denied
-- hashes into a file. This module reads it every second, and writes the result into a second file, for the agent.
--
-- On the VirtualHost with authentication = "token":
--
--     modules_enabled = { "streampass_kick" }
--     streampass_denied = "/var/lib/prosody/streampass-denied"
--
-- The file begins with the line "streampass-denied NAME". Each further line is a hash in hex. FILE.done holds "NAME COUNT": the
-- list that was applied last, and the number of sessions that were ended for it.
--
-- jitsi-meet, resources/prosody-plugins/mod_auth_token.lua keeps session.auth_token in each session and fires the events below.
-- Prosody, plugins/mod_c2s.lua: a session that is closed with a reason ends at once; without a reason Prosody waits for its client to come back.

local json = require "util.json";
local base64 = require "util.encodings".base64;
local sha256 = require "util.hashes".sha256;
local destroy_session = require "core.sessionmanager".destroy_session;

local path = module:get_option_string("streampass_denied", "/var/lib/prosody/streampass-denied");

local seconds_between_reads = 1;
local reason = { condition = "policy-violation", text = "access was withdrawn" };

-- The list that is in force: its name, and each hash as a key.
local list_name;
local denied = {};
-- The text of the file whose list was applied to every session, and the number of sessions that were ended for it.
local applied_text;
local ended = 0;
local last_problem;

local function log_once(problem)
    if problem and problem ~= last_problem then
        module:log("error", "%s: %s", path, problem);
    end
    last_problem = problem;
end

local function decode_base64url(text)
    return base64.decode((text:gsub("-", "+"):gsub("_", "/")) .. ("="):rep(-#text % 4)) or "";
end

local function claims_of(token)
    local payload = type(token) == "string" and token:match("^[%w_-]+%.([%w_-]+)%.");
    local ok, claims = pcall(json.decode, payload and decode_base64url(payload) or "");
    return ok and type(claims) == "table" and claims or {};
end

local function is_listed(bytes)
    return denied[(bytes:gsub(".", function (byte) return ("%02x"):format(byte:byte()); end))] == true;
end

local function is_denied(session)
    if next(denied) == nil or session.auth_token == nil then return false; end
    local claims = claims_of(session.auth_token);
    local whom = type(claims["for"]) == "string" and decode_base64url(claims["for"]) or "";
    -- A subject of any issuer; a user, or any hash of a pairwise target; a sign-in, a session or a stream key.
    if is_listed(whom:sub(1, 10)) then return true; end
    for at = 1, #whom, 16 do
        if is_listed(whom:sub(at, at + 15)) then return true; end
    end
    for at = 17, #whom, 8 do
        if is_listed(whom:sub(at, at + 7)) then return true; end
    end
    return type(claims.jti) == "string" and is_listed(sha256("token\n" .. claims.jti):sub(1, 8));
end

local function end_session(session)
    session:close(reason);
    if not session.destroyed then
        -- A session that waits for its client to come back (mod_smacks) has no connection to close.
        session.resumption_token = nil;
        destroy_session(session, reason.text);
    end
end

-- True if all of them have ended.
local function end_denied_sessions()
    local found = {};
    for _, session in pairs(prosody.full_sessions) do
        if session.host == module.host and is_denied(session) then found[#found + 1] = session; end
    end
    local all_ended = true;
    for _, session in ipairs(found) do
        local ok, problem = pcall(end_session, session);
        if ok then
            ended = ended + 1;
        else
            all_ended = false;
            log_once("a session could not be ended: " .. tostring(problem));
        end
    end
    if #found > 0 then module:log("info", "%d sessions of denied users end", #found); end
    return all_ended;
end

local function write_done()
    local file, problem = io.open(path .. ".done.new", "w");
    if not file then return log_once(problem); end
    file:write(list_name, " ", ("%d"):format(ended), "\n");
    file:close();
    os.rename(path .. ".done.new", path .. ".done");
end

-- If the file is missing or broken, the last list stays in use: denied users stay denied.
local function read_list()
    local file, problem = io.open(path, "r");
    if not file then return log_once(problem); end
    local text = file:read("*a") or "";
    file:close();
    if text == applied_text then return; end
    if text == "" then return log_once("the agent has not written it yet"); end
    local name, hashes = text:match("^streampass%-denied (%x+)\n(.*)$");
    if not name then return log_once("is not a list of denied hashes"); end
    local listed = {};
    for hash in hashes:gmatch("%x+") do listed[hash] = true; end
    if name ~= list_name then ended = 0; end
    list_name, denied = name, listed;
    if not end_denied_sessions() then return; end
    applied_text = text;
    last_problem = nil;
    write_done();
end

module:add_timer(seconds_between_reads, function ()
    local ok, problem = pcall(read_list);
    if not ok then log_once(tostring(problem)); end
    return seconds_between_reads;
end);

-- Runs before mod_auth_token reads a token. The signature is not checked here: a denied token is refused in any case.
module:hook_global("pre-jitsi-authentication-fetch-key", function (session)
    if session.host == module.host and is_denied(session) then
        return { res = false, error = "not-allowed", reason = reason.text };
    end
end, 10);

-- Refuses a user who logged in before the denial and gets a session after it.
module:hook("pre-resource-bind", function (event)
    if is_denied(event.session) then
        event.error = reason;
        event.session:close(reason);
        return false;
    end
end, 10);

-- Ends a session that a client resumes, if its token or the token that the client sends now is denied.
module:hook_global("c2s-session-updated", function (event)
    if event.session.host == module.host and (is_denied(event.session) or is_denied(event.from_session)) then
        end_session(event.session);
    end
end, -1);

read_list();
