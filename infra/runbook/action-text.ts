import type { Step } from '../../runbooks/playbook/schema.ts';

/** What a step does, in a few words for a terminal. */
export function actionText({ do: action }: Pick<Step, 'do'>): string {
  switch (action.kind) {
    case 'scale':
      return `scale ${action.target} to ${action.to.toLocaleString('en-US')}`;
    case 'switch':
      return `set ${action.switch} to ${String(action.value)}`;
    case 'remind':
      return 'remind';
    case 'checklist':
      return 'readiness review';
    case 'ask':
      return `ask: ${action.answers.join(' / ')}`;
    case 'page':
      return 'page on-call';
    case 'webhook':
      return `call the webhook ${action.to}`;
    case 'automation':
      return `run the automation ${action.document}`;
    case 'load':
      return 'see the audience loaded';
    case 'prime':
      return 'see the connections primed';
    case 'test-send':
      return `send test copies to ${action.to?.join(', ') ?? 'every phone of the roster'}`;
    case 'rehearsal':
      return 'rehearse the infrastructure';
    case 'fire-window':
      return 'fire window: people ask for GO';
    default: {
      const unknown: never = action;
      throw new Error(`STEP_KIND_UNKNOWN ${JSON.stringify(unknown)}`);
    }
  }
}
