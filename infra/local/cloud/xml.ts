type XmlValue = string | number | boolean | undefined | null | XmlValue[] | { [name: string]: XmlValue };

/** A document. An array repeats its element's name, as S3 does; `undefined` and `null` leave the element out. */
export function xml(root: string, body: { [name: string]: XmlValue }, namespace?: string): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${children(body)}</${root}>`;
}

/** The form of lists in Query answers: `<Name><member>…</member></Name>`. */
export const members = (list: XmlValue[]): XmlValue => ({ member: list });

function children(body: { [name: string]: XmlValue }): string {
  return Object.entries(body)
    .map(([name, value]) => element(name, value))
    .join('');
}

function element(name: string, value: XmlValue): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map((one) => element(name, one)).join('');
  return `<${name}>${typeof value === 'object' ? children(value) : escape(String(value))}</${name}>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
