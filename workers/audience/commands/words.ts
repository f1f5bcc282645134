import { visible } from '../../../infra/visible.ts';

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

export const batches = (value: number): string => `${count(value)} ${value === 1 ? 'batch' : 'batches'}`;

/** Two columns, the first one padded. Cells may hold words of files: nothing of them reaches the terminal as it is. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const shown = rows.map(([name, value]) => [visible(name), visible(value)] as const);
  const width = Math.max(...shown.map(([name]) => name.length));
  return `${shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')}\n`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(bytes < 10_485_760 ? 1 : 0)} MB`;
}
