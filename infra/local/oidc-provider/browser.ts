/** A page as `Browser` ended on it: the document, or the redirect that it was told not to follow. */
export interface BrowserPage {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
}

const requestTimeoutMs = 10_000;
const maxRedirects = 10;

/** As much of a browser as a sign-in needs: cookies, redirects, and forms whose button is pressed. */
export interface Browser {
  /** Opens an address and follows redirects, but never one to `stopAt`: that page has status 302 or 303. */
  open(url: URL, init?: RequestInit): Promise<BrowserPage>;
  /**
   * Presses the button `name=value` in a page's form.
   *
   * @throws {Error} where the page has no such button; it names those that are there.
   */
  press(page: BrowserPage, name: string, value: string): Promise<BrowserPage>;
}

/** A browser with no cookies yet, which does not follow a redirect to `stopAt` (any query). */
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

  const press = (page: BrowserPage, name: string, value: string): Promise<BrowserPage> => {
    const buttons = [...page.html.matchAll(/<button name="([^"]*)" value="([^"]*)"/g)];
    if (!buttons.some(([, buttonName, buttonValue]) => buttonName === name && buttonValue === value)) {
      const values = buttons.filter(([, buttonName]) => buttonName === name).map(([, , v]) => v);
      throw new Error(`the page has no ${name} "${value}", only ${values.join(', ') || 'none'}`);
    }
    const action = /<form method="post" action="([^"]*)"/.exec(page.html)?.[1] ?? '';
    return open(new URL(action, page.url), { method: 'POST', body: new URLSearchParams({ [name]: value }) });
  };

  return { open, press };
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
