import { z } from 'zod';
import { SlackError } from '../state/slack-error.ts';
import { jsonArg, jsonObject, method } from './method.ts';

const viewArg = jsonArg(jsonObject);
const triggerArg = { trigger_id: z.string().optional(), interactivity_pointer: z.string().optional() };

function triggerOf(args: { trigger_id?: string | undefined; interactivity_pointer?: string | undefined }): string {
  const trigger = args.trigger_id ?? args.interactivity_pointer;
  if (trigger === undefined)
    throw new SlackError('invalid_arguments', {
      response_metadata: { messages: ['[ERROR] missing required field: trigger_id'] },
    });
  return trigger;
}

export const viewsMethods = {
  'views.open': method({
    scope: null,
    limit: 'tier4',
    args: z.object({ ...triggerArg, view: viewArg }),
    run: ({ views, triggers }, args) => ({ view: views.open(triggers.exchange(triggerOf(args)).user, args.view) }),
  }),
  'views.push': method({
    scope: null,
    limit: 'tier4',
    args: z.object({ ...triggerArg, view: viewArg }),
    run: ({ views, triggers }, args) => {
      const { user, viewId } = triggers.exchange(triggerOf(args));
      if (viewId === null) throw new SlackError('not_found');
      return { view: views.push(user, args.view) };
    },
  }),
  'views.update': method({
    scope: null,
    limit: 'tier4',
    args: z.object({
      view_id: z.string().optional(),
      external_id: z.string().optional(),
      hash: z.string().optional(),
      view: viewArg,
    }),
    run: ({ views }, args) => {
      if (args.view_id === undefined && args.external_id === undefined) throw new SlackError('missing_argument');
      const open = args.view_id !== undefined ? views.find(args.view_id) : views.findExternal(args.external_id ?? '');
      return { view: views.update(open, args.view, args.hash) };
    },
  }),
  'views.publish': method({
    scope: null,
    limit: 'tier4',
    args: z.object({ user_id: z.string(), hash: z.string().optional(), view: viewArg }),
    run: ({ views, state }, args) => ({ view: views.publish(state.user(args.user_id).id, args.view, args.hash) }),
  }),
};
