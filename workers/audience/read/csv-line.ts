/** The fields of one CSV line (RFC 4180 quotes, no line ends inside a value). Null: a quote that isn't closed or stands in the middle. */
export function splitCsvLine(line: string, delimiter: string): string[] | null {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let value = '';
      for (at++; ; at++) {
        const close = line.indexOf('"', at);
        if (close === -1) return null;
        value += line.slice(at, close);
        at = close + 1;
        if (line[at] !== '"') break;
        value += '"';
      }
      fields.push(value);
      if (at < line.length && line[at] !== delimiter) return null;
    } else {
      const end = line.indexOf(delimiter, at);
      const value = line.slice(at, end === -1 ? line.length : end);
      if (value.includes('"')) return null;
      fields.push(value);
      at = end === -1 ? line.length : end;
    }
    if (at >= line.length) return fields;
    at++;
    if (at === line.length) return [...fields, ''];
  }
}
