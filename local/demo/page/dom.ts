/** The element of that id. The page is broken where there is none, so that is said at once. */
export function byId<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id) as T | null;
  if (found === null) throw new Error(`the page has no element #${id}`);
  return found;
}

/** A new element with its class and what is in it: texts and elements, never markup. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

/** Sets a text only where it changes, so that a screen reader is not told the same again. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** Brings the children up to these, and leaves alone what is the same: a screen reader keeps its place. */
export function setChildren(parent: Element, children: readonly Element[]): void {
  children.forEach((child, index) => {
    const present = parent.children[index];
    if (present === undefined) parent.append(child);
    else if (!present.isEqualNode(child)) present.replaceWith(child);
  });
  while (parent.children.length > children.length) parent.lastElementChild?.remove();
}

/** A button that does this when it is pressed. */
export function button(label: string, onPress: () => void): HTMLButtonElement {
  const made = element('button', '', label);
  made.type = 'button';
  made.addEventListener('click', onPress);
  return made;
}

/** How a notice is coloured. */
type Tone = 'good' | 'warn' | 'bad';

/** Shows one notice in a live region: a headline in bold, and lines below it. The same one again is left alone. */
export function showNotice(
  region: Element,
  tone: Tone,
  headline: string,
  ...lines: readonly (Node | string)[]
): void {
  const notice = element(
    'div',
    `notice ${tone}`,
    element('strong', '', headline),
    ...lines.map((line) => (typeof line === 'string' ? element('p', '', line) : line)),
  );
  if (!region.firstElementChild?.isEqualNode(notice)) region.replaceChildren(notice);
}

/** A server's own words, told apart from the page's. */
export function quote(words: string): HTMLElement {
  return element('p', '', element('code', '', words));
}
