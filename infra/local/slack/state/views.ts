import { viewProblems } from '../block-kit/validate.ts';
import { secretId, slackId } from './ids.ts';
import type { Json, OpenView, View } from './model.ts';
import { APP, TEAM } from './seed.ts';
import { SlackError } from './slack-error.ts';
import { initialValues } from './view-values.ts';
import { withGeneratedIds } from './workspace-state.ts';
import type { WorkspaceState } from './workspace-state.ts';

/** Slack: a stack of at most three modals (docs/facts.md#slack-block-limits). */
const STACK_VIEWS = 3;
/** Slack: `view_too_large`. */
const VIEW_BYTES = 250_000;

/**
 * The modals that are open, a stack per person, and home tabs. A view changes only through the app
 * (open, push, update, a submission's answer) and through what the person fills in.
 */
export class Views {
  #stacks = new Map<string, OpenView[]>();
  #homes = new Map<string, OpenView>();
  #state: WorkspaceState;

  constructor(state: WorkspaceState) {
    this.#state = state;
  }

  /** The open modals of a person, the top one last. */
  stackOf(user: string): OpenView[] {
    return this.#stacks.get(user) ?? [];
  }

  find(viewId: string): OpenView {
    const open = [...this.#stacks.values(), [...this.#homes.values()]].flat().find((one) => one.view.id === viewId);
    if (open === undefined) throw new SlackError('not_found');
    return open;
  }

  findExternal(externalId: string): OpenView {
    const open = [...this.#stacks.values()].flat().find((one) => one.view.external_id === externalId);
    if (open === undefined) throw new SlackError('not_found');
    return open;
  }

  /** Opens a first modal; one that is open already goes below, as when a person is quick. */
  open(user: string, candidate: Json): View {
    const view = this.#make(candidate, null);
    const stack = this.stackOf(user);
    if (stack.length >= STACK_VIEWS) throw new SlackError('push_limit_reached');
    this.#stacks.set(user, [...stack, { view, user, errors: {}, response_urls: [] }]);
    this.#state.tell({ kind: 'view_opened', user, viewId: view.id });
    return view;
  }

  push(user: string, candidate: Json): View {
    const stack = this.stackOf(user);
    const top = stack.at(-1);
    if (top === undefined) throw new SlackError('not_found');
    if (stack.length >= STACK_VIEWS) throw new SlackError('push_limit_reached');
    const view = this.#make(candidate, top.view);
    this.#stacks.set(user, [...stack, { view, user, errors: {}, response_urls: [] }]);
    this.#state.tell({ kind: 'view_opened', user, viewId: view.id });
    return view;
  }

  /** Replaces a view in its place; what the person filled in stays where block and action id are the same. */
  update(open: OpenView, candidate: Json, hash?: string): View {
    if (hash !== undefined && hash !== '' && hash !== open.view.hash) throw new SlackError('hash_conflict');
    const made = this.#make(candidate, null, open.view.external_id);
    const values = made.state.values;
    for (const [blockId, actions] of Object.entries(open.view.state.values)) {
      for (const [actionId, value] of Object.entries(actions)) {
        if (values[blockId]?.[actionId]?.['type'] === value['type'])
          values[blockId] = { ...values[blockId], [actionId]: value };
      }
    }
    open.view = {
      ...made,
      id: open.view.id,
      root_view_id: open.view.root_view_id,
      previous_view_id: open.view.previous_view_id,
    };
    open.errors = {};
    this.#state.tell({ kind: 'view_updated', user: open.user, viewId: open.view.id });
    return open.view;
  }

  publish(user: string, candidate: Json, hash?: string): View {
    const home = this.#homes.get(user);
    if (home !== undefined && hash !== undefined && hash !== home.view.hash) throw new SlackError('hash_conflict');
    const view = this.#make(candidate, null);
    this.#homes.set(user, { view, user, errors: {}, response_urls: [] });
    return view;
  }

  setErrors(open: OpenView, errors: Record<string, string>): void {
    open.errors = errors;
    this.#state.tell({ kind: 'view_updated', user: open.user, viewId: open.view.id });
  }

  /** Stores what the person filled in, without telling anyone: the page that shows it has it. */
  fill(open: OpenView, values: Record<string, Record<string, Json>>): void {
    for (const [blockId, actions] of Object.entries(values)) {
      if (open.view.state.values[blockId] === undefined) continue;
      for (const [actionId, value] of Object.entries(actions)) {
        const known = open.view.state.values[blockId][actionId];
        if (known !== undefined)
          open.view.state.values[blockId][actionId] = { ...known, ...value, type: known['type'] };
      }
    }
  }

  /** Takes one view off, and what stands above it. */
  close(open: OpenView): void {
    const stack = this.stackOf(open.user);
    const at = stack.indexOf(open);
    if (at < 0) return;
    this.#stacks.set(open.user, stack.slice(0, at));
    for (const closed of stack.slice(at))
      this.#state.tell({ kind: 'view_closed', user: open.user, viewId: closed.view.id });
  }

  clear(user: string): OpenView[] {
    const stack = this.stackOf(user);
    this.#stacks.delete(user);
    for (const closed of stack) this.#state.tell({ kind: 'view_closed', user, viewId: closed.view.id });
    return stack;
  }

  #make(candidate: Json, below: View | null, ownExternalId = ''): View {
    const problems = viewProblems(candidate);
    if (problems.length > 0) {
      throw new SlackError('invalid_arguments', {
        response_metadata: { messages: problems.map((one) => `[ERROR] ${one}`) },
      });
    }
    if (JSON.stringify(candidate).length > VIEW_BYTES) throw new SlackError('view_too_large');
    const externalId = typeof candidate['external_id'] === 'string' ? candidate['external_id'] : '';
    const taken = [...this.#stacks.values()].flat().some((one) => one.view.external_id === externalId);
    if (externalId !== '' && externalId !== ownExternalId && taken) throw new SlackError('duplicate_external_id');
    const id = slackId('V');
    const blocks = withGeneratedIds(candidate['blocks'] as Json[]);
    const view: View = {
      id,
      team_id: TEAM.id,
      type: candidate['type'] === 'home' ? 'home' : 'modal',
      blocks,
      submit: (candidate['submit'] as Json | undefined) ?? null,
      close: (candidate['close'] as Json | undefined) ?? null,
      private_metadata: (candidate['private_metadata'] as string | undefined) ?? '',
      callback_id: (candidate['callback_id'] as string | undefined) ?? '',
      external_id: externalId,
      state: { values: initialValues(blocks) },
      hash: `${this.#state.nowMs()}.${secretId(4)}`,
      clear_on_close: candidate['clear_on_close'] === true,
      notify_on_close: candidate['notify_on_close'] === true,
      root_view_id: below?.root_view_id ?? id,
      previous_view_id: below?.id ?? null,
      app_id: APP.id,
      bot_id: APP.botId,
      app_installed_team_id: TEAM.id,
    };
    if (candidate['title'] !== undefined) view.title = candidate['title'] as Json;
    return view;
  }
}
