import type { KnownBlock } from '@slack/types';
import type { Message } from '../views/message.ts';
import { plainText } from '../views/words.ts';

/** What a message says and offers, as lines of plain text: `ids` are people and groups by the ids that mentions name. */
export function roomText({ text, blocks }: Message, ids: ReadonlyMap<string, string>): string[] {
  const lines = blocks.flatMap((block) => linesOf(block, ids));
  return lines.length === 0 ? [plain(text, ids)] : lines;
}

function linesOf(block: KnownBlock, ids: ReadonlyMap<string, string>): string[] {
  switch (block.type) {
    case 'header':
      return [plain(block.text.text, ids)];
    case 'section':
      return [...(block.text === undefined ? [] : [block.text]), ...(block.fields ?? [])].flatMap((one) =>
        plain(one.text, ids).split('\n'),
      );
    case 'actions': {
      const labels = block.elements.flatMap((one) => (one.type === 'button' ? [`[${one.text.text}]`] : []));
      return labels.length === 0 ? [] : [plain(labels.join(' '), ids)];
    }
    // Hashes and the like: for who looks them up.
    default:
      return [];
  }
}

function plain(text: string, ids: ReadonlyMap<string, string>): string {
  const said = text
    .replaceAll(/<!date\^[^|>]*\|([^>]*)> \([^)]*\)/g, '$1')
    .replaceAll(/<(?:@|!subteam\^)([A-Z0-9]+)>/g, (_, id: string) => `@${ids.get(id) ?? id}`)
    .replaceAll(/:[a-z_]+: ?/g, '')
    // Marks that keep foreign text in its place on a screen with two directions.
    .replaceAll(/[\u2066-\u2069]/g, '');
  return plainText(said).trim();
}
