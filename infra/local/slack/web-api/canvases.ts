import { z } from 'zod';
import { APP } from '../state/seed.ts';
import { SlackError } from '../state/slack-error.ts';
import { writableChannel } from './chat.ts';
import { intArg, jsonArg, method } from './method.ts';
import type { WebApiContext } from './method.ts';

/**
 * Canvases as a free workspace has them (docs/facts.md#slack-canvas): one for a channel, made by the app, taken whole or refused whole. Where
 * Slack's pages say nothing, or people report a refusal, this refuses: tables, headings of a fourth level, a list or a quote within the other.
 */

const CONTENT_BYTES = 1_048_576;

const contentArg = jsonArg(z.object({ type: z.literal('markdown'), markdown: z.string() }));

/** `line 19: Unsupported table type`; null: it is taken. */
function contentProblem(markdown: string): string | null {
  if (Buffer.byteLength(markdown) > CONTENT_BYTES) return 'content is too large';
  for (const [index, line] of markdown.split('\n').entries()) {
    const problem = REFUSED.find(([form]) => form.test(line))?.[1];
    if (problem !== undefined) return `line ${index + 1}: ${problem}`;
  }
  return null;
}

const REFUSED: readonly [RegExp, string][] = [
  [/^\s*\|/, 'Unsupported table type'],
  [/^#{4,}\s/, 'Unsupported heading level'],
  [/^\s*>\s*(?:[-*+]|\d+[.)])\s/, 'Unsupported list within a quote'],
  [/^\s*(?:[-*+]|\d+[.)])\s+>|^\s{2,}>/, 'Unsupported quote within a list'],
];

function put({ files, baseUrl }: WebApiContext, title: string, markdown: string): string {
  const bytes = Buffer.from(markdown);
  const { secret, id } = files.begin('canvas.md', bytes.length, undefined);
  files.receive(secret, bytes);
  files.complete(id, title, baseUrl());
  return id;
}

/** Of files it lists canvases alone: nothing of ours asks for others. As users report it: docs/facts.md#slack-canvas-list. */
const list = method({
  scope: 'files:read',
  limit: 'tier3',
  args: z.object({
    channel: z.string(),
    types: z.string(),
    count: intArg.pipe(z.int().min(1).max(200)).default(100),
    page: intArg.pipe(z.int().min(1)).default(1),
  }),
  run: ({ state }, { channel, types, count, page }) => {
    if (types !== 'canvas') throw new SlackError('unknown_type');
    const all = [...state.canvases.values()].filter((one) => one.channel_id === channel);
    const files = all.slice((page - 1) * count, page * count).map(({ id, title, file, user }) => ({
      ...state.files.get(file),
      id,
      title,
      user,
      filetype: 'quip',
      mode: 'quip',
    }));
    return { files, paging: { count, total: all.length, page, pages: Math.ceil(all.length / count) } };
  },
});

export const canvasMethods = {
  'files.list': list,
  'canvases.create': method({
    scope: 'canvases:write',
    limit: 'tier2',
    args: z.object({
      title: z.string().default('Untitled'),
      channel_id: z.string().optional(),
      document_content: contentArg.default({ type: 'markdown', markdown: '' }),
    }),
    run: (context, { title, channel_id: channelId, document_content: { markdown } }) => {
      if (channelId === undefined) throw new SlackError('free_teams_cannot_create_non_tabbed_canvases');
      const channel = writableChannel(context, channelId);
      if ([...context.state.canvases.values()].some((one) => one.channel_id === channel.id))
        throw new SlackError('free_team_canvas_tab_already_exists');
      const problem = contentProblem(markdown);
      if (problem !== null) throw new SlackError('canvas_creation_failed', { detail: `'content' error: ${problem}` });
      const id = put(context, title, markdown);
      const canvas = { id, channel_id: channel.id, title, file: id, user: APP.botUserId };
      context.state.saveCanvas(canvas, canvas);
      return { canvas_id: id };
    },
  }),
  'canvases.edit': method({
    scope: 'canvases:write',
    limit: 'tier3',
    args: z.object({
      canvas_id: z.string(),
      changes: jsonArg(
        z
          .array(
            z.object({
              operation: z.enum(['replace']),
              document_content: contentArg,
              section_id: z.undefined().optional(),
            }),
          )
          .length(1),
      ),
    }),
    run: (context, { canvas_id: id, changes }) => {
      const canvas = context.state.canvases.get(id);
      if (canvas === undefined) throw new SlackError('canvas_not_found');
      const { markdown } = changes[0]?.document_content ?? { markdown: '' };
      const problem = contentProblem(markdown);
      if (problem !== null) throw new SlackError('canvas_editing_failed', { detail: `'content' error: ${problem}` });
      context.state.saveCanvas(canvas, { ...canvas, file: put(context, canvas.title, markdown) });
      return {};
    },
  }),
  'canvases.delete': method({
    scope: 'canvases:write',
    limit: 'tier3',
    args: z.object({ canvas_id: z.string() }),
    run: (context, { canvas_id: id }) => {
      const canvas = context.state.canvases.get(id);
      if (canvas === undefined) throw new SlackError('canvas_not_found');
      context.state.saveCanvas(canvas, null);
      return {};
    },
  }),
  'conversations.canvases.create': method({
    scope: 'canvases:write',
    limit: 'tier2',
    args: z.object({}),
    run: () => {
      throw new SlackError('team_tier_cannot_create_channel_canvases');
    },
  }),
};
