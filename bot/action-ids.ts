/** What Slack sends back when something is pressed or submitted. Buttons of old messages live on: never reuse an id for another meaning. */
export const ACTION = {
  go: 'fire.go',
  decline: 'fire.decline',
  disarm: 'fire.disarm',
  renew: 'fire.renew',
  renewCalled: 'fire.renew-called',
  halt: 'halt.press',
  askLift: 'halt.lift',
  approveLift: 'lift.approve',
  tick: 'gate.tick',
  untick: 'gate.untick',
  askWaiver: 'waiver.ask',
  grantWaiver: 'waiver.grant',
  runStep: 'step.run',
  skipStep: 'step.skip',
  /** One an answer: `answerAction`. */
  answerStep: 'step.answer',
  approveSwitch: 'switch.approve',
  approveRoster: 'roster.approve',
  approveRunbook: 'runbook.approve',
  ready: 'board.ready',
  here: 'person.here',
  previewCampaign: 'campaign.preview',
  readTexts: 'order.texts',
  putBack: 'stand-down.run',
  leaveSo: 'stand-down.skip',
  putAllBack: 'stand-down.all',
  closeNow: 'stand-down.close',
  change: 'change.confirm',
  cancelCompile: 'compile.cancel',
  skipRefused: 'compile.skip-refused',
  askSurge: 'surge.ask',
  rehearse: 'rehearsal.begin',
  stopRehearsal: 'rehearsal.stop',
  rehearseLimited: 'rehearsal.limited',
  answerPostmortem: 'postmortem.answer',
  addAction: 'postmortem.action',
  /** One a choice: `typedAction`. */
  typed: 'typed.again',
} as const;

/** Ids of buttons differ within a block. */
export const TYPED_CHOICES = 5;
export const typedAction = (index: number): string => `${ACTION.typed}.${index}`;

export const answerAction = (index: number): string => `${ACTION.answerStep}.${index}`;

export const VIEW = {
  create: 'create.launch',
  campaign: 'campaign.edit',
  waiver: 'waiver.request',
  tick: 'gate.tick',
  decline: 'fire.decline',
  surge: 'surge.enter',
  answers: 'postmortem.answers',
  action: 'postmortem.action',
} as const;
