/** The build imports a Markdown file as a string. */
declare module '*.md' {
  const text: string;
  export default text;
}
