/** A page as `Browser` ended on it: the document, or the redirect that it was told not to follow. */
interface BrowserPage {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
}

const requestTimeoutMs = 10_000;
const maxRedirects = 10;

/** The part of a browser that a sign-in needs: cookies, redirects, and a page's one form. */
interface Browser {
  /** Opens an address and follows redirects, but does not open `stopAt`: that page has status 302 or 303. */
  open(url: URL, init?: RequestInit): Promise<BrowserPage>;
  /** Submits the page's form as a script does, without a button. */
  submit(page: BrowserPage): Promise<BrowserPage>;
  /**
   * Presses the button `name=value` of the page's form.
   *
   * @throws {Error} where the page has no such button; it names those that are there.
   */
  press(page: BrowserPage, name: string, value: string): Promise<BrowserPage>;
}

/** A browser without cookies yet. A redirect to `stopAt`, whatever its query, ends its way. */
export function openBrowser(stopAt: string): Browser {
  const cookies = new Map<string, string>();

  const open = async (url: URL, init: RequestInit = {}): Promise<BrowserPage> => {
    let target = url;
    let request = init;
    for (let redirects = 0; redirects < maxRedirects; redirects += 1) {
      const response = await fetch(target, {
        ...request,
        redirect: 'manual',
        headers: { cookie: [...cookies].map((cookie) => cookie.join('=')).join('; ') },
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      keepCookies(cookies, response);
      const html = await response.text();
      const location = response.headers.get('location');
      if (location === null) return { url: target, status: response.status, html };
      target = new URL(location, target);
      if (isAt(target, stopAt)) return { url: target, status: response.status, html };
      request = {};
    }
    throw new Error(`the provider redirected more than ${maxRedirects} times, at last to ${target.pathname}`);
  };

  const submit = (page: BrowserPage, pressed: Record<string, string> = {}): Promise<BrowserPage> => {
    const [form] = tagsOf(page.html, 'form');
    const body = new URLSearchParams(pressed);
    for (const input of tagsOf(page.html, 'input')) body.append(input['name'] ?? '', input['value'] ?? '');
    return open(new URL(form?.['action'] ?? '', page.url), { method: 'POST', body });
  };

  const press = (page: BrowserPage, name: string, value: string): Promise<BrowserPage> => {
    const buttons = tagsOf(page.html, 'button').filter((button) => button['name'] === name);
    if (!buttons.some((button) => button['value'] === value)) {
      const values = buttons.map((button) => button['value']).join(', ');
      throw new Error(`no ${name} is called "${value}": the page offers ${values || 'none'}`);
    }
    return submit(page, { [name]: value });
  };

  return { open, submit, press };
}

function keepCookies(cookies: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = ''] = line.split(';');
    const name = pair.slice(0, pair.indexOf('='));
    const value = pair.slice(name.length + 1);
    // A provider deletes a cookie by an empty value.
    if (value === '') cookies.delete(name);
    else cookies.set(name, value);
  }
}

function isAt(url: URL, address: string): boolean {
  const { origin, pathname } = new URL(address);
  return url.origin === origin && url.pathname === pathname;
}

/** The attributes of each tag of that name, for pages that quote them as the provider's do. */
function tagsOf(html: string, tag: string): Record<string, string>[] {
  return [...html.matchAll(new RegExp(`<${tag}\\b[^>]*>`, 'g'))].map(([text]) =>
    Object.fromEntries([...text.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, name, value]) => [name, value])),
  );
}
