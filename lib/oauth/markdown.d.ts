/** The build hands Markdown over as its text. */
declare module '*.md' {
  const text: string;
  export default text;
}
