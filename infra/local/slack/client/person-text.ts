import type { Json } from '../state/model.ts';
import { APP } from '../state/seed.ts';
import type { WorkspaceState } from '../state/workspace-state.ts';

/** A command's text as an app with `should_escape` gets it: people typed as @name are mentions. */
export function withMentions(typed: string, state: WorkspaceState): string {
  const names = new Map(
    [...state.users.values()].flatMap((user) =>
      [user.real_name, user.name].map((name) => [name.toLowerCase(), user] as const),
    ),
  );
  const longestFirst = [...names.keys()]
    .toSorted((a, b) => b.length - a.length)
    .map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  // What is typed is text: only what Slack itself makes of it is markup. A test may give a mention as Slack sends it.
  const escaped = typed
    .replaceAll('&', '&amp;')
    .replaceAll(/<(?!@[UW][A-Z0-9]+[|>])/g, '&lt;')
    .replaceAll(/(?<!<@[UW][A-Z0-9|a-z .]*)>/g, '&gt;');
  return escaped.replaceAll(
    new RegExp(String.raw`(?<![\w<])@(${longestFirst.join('|')})(?!\w)`, 'gi'),
    (typedName: string, name: string) => {
      const user = names.get(name.toLowerCase());
      return user === undefined ? typedName : `<@${user.id}|${user.name}>`;
    },
  );
}

/** What a person typed, as Slack stores it: `&<>` escaped, @name and #channel turned into ids, and the rich text of it. */
export function personText(typed: string, state: WorkspaceState): { text: string; blocks: Json[] } {
  const users = [...state.users.values()].flatMap((user) =>
    [user.real_name, user.name].map((name) => ({ name, id: user.id })),
  );
  users.push({ name: 'gobutton', id: APP.botUserId });
  users.sort((a, b) => b.name.length - a.name.length);
  const elements: Json[] = [];
  let text = '';
  let plain = '';
  const flush = (): void => {
    if (plain !== '') elements.push({ type: 'text', text: plain });
    text += plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    plain = '';
  };
  for (let i = 0; i < typed.length;) {
    const rest = typed.slice(i);
    const user = rest.startsWith('@')
      ? users.find((one) => rest.slice(1).toLowerCase().startsWith(one.name.toLowerCase()))
      : undefined;
    const id = /^<@(U[A-Z0-9]+)>/.exec(rest);
    const link = /^https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)]/.exec(rest);
    const emoji = /^:([a-z+-][a-z0-9_+-]*):/.exec(rest);
    if (user !== undefined || id !== null) {
      flush();
      const userId = user?.id ?? id?.[1] ?? '';
      elements.push({ type: 'user', user_id: userId });
      text += `<@${userId}>`;
      i += user !== undefined ? user.name.length + 1 : (id?.[0].length ?? 1);
    } else if (link !== null) {
      flush();
      elements.push({ type: 'link', url: link[0] });
      text += `<${link[0]}>`;
      i += link[0].length;
    } else if (emoji !== null) {
      flush();
      elements.push({ type: 'emoji', name: emoji[1] });
      text += emoji[0];
      i += emoji[0].length;
    } else {
      plain += rest[0];
      i += 1;
    }
  }
  flush();
  return { text, blocks: [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }] };
}
