import { App } from '@slack/bolt';
import type { Receiver } from '@slack/bolt';
import { ANSWERS_MOST } from '../runbooks/playbook/fields/actions/ask.ts';
import { ACTION, answerAction, TYPED_CHOICES, typedAction, VIEW } from './action-ids.ts';
import {
  afterwardsMeta,
  pressAddAction,
  pressAnswerPostmortem,
  submitAction,
  submitAnswers,
} from './actions/afterwards.ts';
import { compileValue, pressCancelCompile, pressSkipRefused, skipRefusedValue } from './actions/compile.ts';
import {
  answerValue,
  gateValue,
  launchValue,
  liftValue,
  pressAnswer,
  pressApproveLift,
  pressApproveRoster,
  pressApproveRunbook,
  pressApproveSwitch,
  pressAskLift,
  pressAskWaiver,
  pressGrantWaiver,
  pressHalt,
  pressHere,
  pressReady,
  pressRunStep,
  pressSkipStep,
  rosterValue,
  stepValue,
  switchValue,
  waiverValue,
} from './actions/decide.ts';
import {
  declineMeta,
  declineValue,
  goValue,
  pressDecline,
  pressDisarm,
  pressGo,
  pressReadTexts,
  pressRenew,
  pressRenewCalled,
  submitDecline,
} from './actions/fire.ts';
import {
  campaignMeta,
  createMeta,
  onPreview,
  submitCampaign,
  submitCreate,
  submitWaiver,
  waiverMeta,
} from './actions/forms.ts';
import { guarded, onPress, receivedAt } from './actions/press.ts';
import {
  sendingValue,
  pressSending,
  pressRehearse,
  pressStopRehearsal,
  rehearsalValue,
  rehearseValue,
} from './actions/rehearsal.ts';
import { pressCloseNow, pressLeaveSo, pressPutAllBack, pressPutBack } from './actions/stand-down.ts';
import { onForm } from './actions/submit-form.ts';
import { pressAskSurge, submitSurge, surgeMeta } from './actions/surge.ts';
import { pressTick, pressUntick, submitTick, tickMeta } from './actions/tick.ts';
import { pressTyped, typedValue } from './actions/typed.ts';
import { listen } from './channel/listen.ts';
import { parseTyped } from './commands/arguments.ts';
import { changeValue, pressChange } from './commands/change.ts';
import { runGo, subcommandNamed } from './commands/go.ts';
import type { Desk } from './desk.ts';
import { isOwnEvent } from './receivers/own-events.ts';
import { createOnce } from './slack/once.ts';
import { clientOptions, slackLogger } from './slack/slack-client.ts';
import type { SlackIdentity } from './slack/slack-identity.ts';
import type { Message } from './views/message.ts';

export interface AppOptions {
  desk: Desk;
  receiver: Receiver;
  botToken: () => string;
  apiUrl: string | null;
  identity: SlackIdentity;
}

/** The Slack app: everything that people type, press and say, wired to its handlers. Nothing starts before `app.start()`. */
export function createApp({ desk, receiver, botToken, apiUrl, identity }: AppOptions): App {
  const logger = slackLogger(desk.log);
  const app = new App({
    receiver,
    logger,
    clientOptions: clientOptions(apiUrl, logger),
    // Given a token, Bolt asks `auth.test` before every envelope, and drops the envelope if that fails
    // (docs/facts.md#bolt-auth-test).
    authorize: async () => {
      const { botId, botUserId } = identity.known;
      return {
        botToken: botToken(),
        ...(botId === null ? {} : { botId }),
        ...(botUserId === null ? {} : { botUserId }),
      };
    },
  });
  const handle = app.processEvent.bind(app);
  app.processEvent = async (event) => (isOwnEvent(event.body, identity.known) ? event.ack() : handle(event));
  const once = createOnce(desk.nowMs);

  app.command('/go', async ({ command, ack, respond, context }) => {
    const atMs = receivedAt(context, desk);
    const to = { channelId: command.channel_id, slackId: command.user_id };
    const acked = ack().catch((error: unknown) =>
      desk.log.warn({ err: error, ...to }, 'a command could not be acknowledged'),
    );
    const answer = (message: Message) => desk.teller.tell(respond, to, message);
    if (once(`command ${command.user_id} ${command.trigger_id}`)) {
      const typed = parseTyped(command.text);
      // What people wrote can be deleted from the record, and from no log.
      await guarded(desk, answer, { command: subcommandNamed(typed.name)?.name ?? '?', ...to }, async () => {
        const message = await runGo({
          desk,
          typed,
          ...to,
          teamId: command.team_id,
          triggerId: command.trigger_id,
          atMs,
        });
        if (message !== null) await answer(message);
      });
    }
    await acked;
  });

  const press: OnPress = (id, schema, handle) => onPress(app, desk, once, id, schema, handle);
  press(ACTION.go, goValue, pressGo);
  press(ACTION.decline, declineValue, pressDecline);
  press(ACTION.disarm, declineValue, pressDisarm);
  press(ACTION.renew, declineValue, pressRenew);
  press(ACTION.renewCalled, declineValue, pressRenewCalled);
  press(ACTION.readTexts, declineValue, pressReadTexts);
  press(ACTION.halt, launchValue, pressHalt);
  press(ACTION.change, changeValue, pressChange);
  for (let choice = 0; choice < TYPED_CHOICES; choice += 1) press(typedAction(choice), typedValue, pressTyped);
  press(ACTION.askLift, launchValue, pressAskLift);
  press(ACTION.approveLift, liftValue, pressApproveLift);
  press(ACTION.tick, gateValue, pressTick);
  press(ACTION.untick, gateValue, pressUntick);
  press(ACTION.askWaiver, gateValue, pressAskWaiver);
  press(ACTION.grantWaiver, waiverValue, pressGrantWaiver);
  stepButtons(press);
  press(ACTION.approveSwitch, switchValue, pressApproveSwitch);
  press(ACTION.approveRoster, rosterValue, pressApproveRoster);
  press(ACTION.approveRunbook, rosterValue, pressApproveRunbook);
  press(ACTION.ready, launchValue, pressReady);
  press(ACTION.cancelCompile, compileValue, pressCancelCompile);
  press(ACTION.skipRefused, skipRefusedValue, pressSkipRefused);
  press(ACTION.here, launchValue, pressHere);
  press(ACTION.askSurge, launchValue, pressAskSurge);
  press(ACTION.rehearse, rehearseValue, pressRehearse);
  press(ACTION.rehearseLimited, sendingValue, pressSending);
  press(ACTION.stopRehearsal, rehearsalValue, pressStopRehearsal);
  press(ACTION.putBack, stepValue, pressPutBack);
  press(ACTION.leaveSo, stepValue, pressLeaveSo);
  press(ACTION.putAllBack, launchValue, pressPutAllBack);
  press(ACTION.closeNow, launchValue, pressCloseNow);
  press(ACTION.answerPostmortem, launchValue, pressAnswerPostmortem);
  press(ACTION.addAction, launchValue, pressAddAction);
  onPreview(app, desk, ACTION.previewCampaign);

  onForms(app, desk, once);

  listen(app, desk, desk.channelLog);

  // What no handler caught. People are told by the handlers; here nothing may reach Slack.
  app.error(async (error) => desk.log.error({ err: error }, 'the Slack app failed'));
  return app;
}

function onForms(app: App, desk: Desk, once: ReturnType<typeof createOnce>): void {
  onForm(app, desk, once, VIEW.create, createMeta, submitCreate);
  onForm(app, desk, once, VIEW.campaign, campaignMeta, submitCampaign);
  onForm(app, desk, once, VIEW.waiver, waiverMeta, submitWaiver);
  onForm(app, desk, once, VIEW.tick, tickMeta, submitTick);
  onForm(app, desk, once, VIEW.decline, declineMeta, submitDecline);
  onForm(app, desk, once, VIEW.surge, surgeMeta, submitSurge);
  onForm(app, desk, once, VIEW.answers, afterwardsMeta, submitAnswers);
  onForm(app, desk, once, VIEW.action, afterwardsMeta, submitAction);
}

type OnPress = <V>(
  id: string,
  schema: Parameters<typeof onPress<V>>[4],
  handle: Parameters<typeof onPress<V>>[5],
) => void;

function stepButtons(press: OnPress): void {
  press(ACTION.runStep, stepValue, pressRunStep);
  press(ACTION.skipStep, stepValue, pressSkipStep);
  for (let answer = 0; answer < ANSWERS_MOST; answer += 1) press(answerAction(answer), answerValue, pressAnswer);
}
