import type { Accepted } from './held-file.ts';

/**
 * Survivors of the launch core that may live, by file: no test could tell them from the original, or none should. One piece over 300 lines:
 * one table, looked up by the file's name.
 */
export const ACCEPTED: Partial<Record<string, Accepted[]>> = {
  effects: [
    {
      line: 'default:',
      change: 'default: return false; → default:',
      why: 'Who asks takes nothing for no, as every caller here does.',
    },
    {
      line: 'false;',
      change: 'false → true',
      why: 'The line after asks first whether there is such a phase.',
    },
    {
      line: 'return phase === undefined || !isOver ? null : { id: phase.id, title: phase.title };',
      change: 'phase === undefined → false',
      why: 'No phase that is not there is over.',
    },
    {
      line: `case 'ScaleLate':`,
      change: `case 'ScaleLate': return [{ kind: 'post-entry' }]; → case 'ScaleLate':`,
      why: 'What falls through posts the entry too: it is no note that stands in the channel already.',
    },
  ],
  fire: [
    ...['armed === null → false', 'moment === undefined → false'].map((change) => ({
      line: `if (order.state !== 'armed' || armed === null || moment === undefined) return notArmed(launch, order, sha256);`,
      change,
      why: 'An armed order has both: asked for the type alone.',
    })),
    {
      line: 'attempt > 1 ? (command.sets?.find((one) => one.segment === segment) ?? []) : [],',
      change: '[] → ["Stryker was here"]',
      why: 'A stray word is the set of no segment: the request is refused as without a set.',
    },
    {
      line: 'const ref = launch.audience?.segments.find(({ id }) => id === segment);',
      change: 'launch.audience?.segments → launch.audience.segments',
      why: 'Fire is refused without an audience before this: the question mark is for the type alone.',
    },
    {
      line: '`The audience has no segment ${segment}; it has ${listed(launch.audience?.segments.map(({ id }) => id) ?? [])}.`,',
      change: '[] → ["Stryker was here"]',
      why: 'Fire is refused without an audience before this: the question mark is for the type alone.',
    },
    {
      line: '`The audience has no segment ${segment}; it has ${listed(launch.audience?.segments.map(({ id }) => id) ?? [])}.`,',
      change: 'launch.audience?.segments → launch.audience.segments',
      why: 'Fire is refused without an audience before this: the question mark is for the type alone.',
    },
    {
      line: 'if (Number.isSafeInteger(set.devices) && set.devices > 0 && set.devices <= devices) return null;',
      change: 'set.devices > 0 → set.devices >= 0',
      why: 'No device at all is answered in the line before.',
    },
    {
      line: '(launch.audience?.segments ?? [])',
      change: '[] → ["Stryker was here"]',
      why: 'An order is shown with an audience: without one its approval is refused before this.',
    },
    {
      line: '(launch.audience?.segments ?? [])',
      change: 'launch.audience?.segments → launch.audience.segments',
      why: 'An order is shown with an audience: without one its approval is refused before this.',
    },
    {
      line: 'ageMs < 0',
      change: 'ageMs < 0 → ageMs <= 0',
      why: 'A press of this very moment is never too old nor ahead, so that this sentence is not said of it.',
    },
  ],
  'fire-refusals': [
    {
      line: 'default:',
      change: 'default: return order.state satisfies never; → default:',
      why: 'All states are named; the compiler holds that none is missing.',
    },
    {
      line: `segments.every(({ attempt }, index) => attempt === shown.segments[index]?.attempt) ? [] : ['the attempt'],`,
      change: 'shown.segments[index]?.attempt → shown.segments[index].attempt',
      why: 'Both lists name the same segments: one is made from the other.',
    },
  ],
  gates: [
    {
      line: 'export const isMadeGate = (gate: Gate | undefined): boolean => gate !== undefined && MADE.includes(gate);',
      change: 'gate !== undefined → true',
      why: 'No gate that is undefined is among those that are made.',
    },
    {
      line: `if (gate.probe?.kind === 'queue-empty' && runningShots(launch).length > 0)`,
      change: 'gate.probe?.kind → gate.probe.kind',
      why: 'Only a gate with a probe comes here.',
    },
    {
      line: 'say: `${ageMs > 0 ? `last measured ${span(ageMs)} ago` : `measured ${span(-ageMs)} ahead of our clock`}: ${newest.say}`,',
      change: 'ageMs > 0 → ageMs >= 0',
      why: 'A measurement of now is not too old: this sentence is not said of it.',
    },
  ],
  switches: [
    {
      line: `const isPace = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;`,
      change: `typeof value === 'number' → true`,
      why: 'What is a safe integer is a number.',
    },
    {
      line: `(typeof value === 'number' && Number.isFinite(value)) ||`,
      change: `typeof value === 'number' → true`,
      why: 'What is finite is a number.',
    },
    {
      line: `(typeof value === 'string' && value !== '' && value.length <= TEXT_MAX);`,
      change: `typeof value === 'string' → true`,
      why: 'What is neither a truth value nor finite is a text, or a number without a length.',
    },
    {
      line: "`${name} can't be ${String(value).slice(0, 40)}; expected true, false, a number, or a text of 1 to ${TEXT_MAX} characters.`,",
      change: 'String(value).slice(0, 40) → String(value)',
      why: 'How much of a long value is shown is a matter of looks.',
    },
  ],
  schedule: [
    {
      line: `if (!('step' in found)) return found;`,
      change: `!('step' in found) → false`,
      why: 'A refusal that is taken for a step has no step of its own: it comes out as it went in.',
    },
  ],
  payload: [
    {
      line: '...(campaign.deep_link === undefined ? {} : { deep_link: campaign.deep_link }),',
      change: 'campaign.deep_link === undefined → false',
      why: 'JSON leaves out what is undefined.',
    },
    {
      line: '...(campaign.fcm.channel_id === undefined ? {} : { channel_id: campaign.fcm.channel_id }),',
      change: 'campaign.fcm.channel_id === undefined → false',
      why: 'JSON leaves out what is undefined.',
    },
  ],
  remaining: [
    {
      line: `export function devicesShown(launch: Launch, { sets = [] }: Pick<Shown, 'sets'>, segment: string): number {`,
      change: '[] → ["Stryker was here"]',
      why: 'A text is the set of no segment.',
    },
    {
      line: 'return (launch.audience?.segments ?? []).flatMap(({ id: segment }) => {',
      change: '[] → ["Stryker was here"]',
      why: 'A text is no segment, so nobody of it was left behind.',
    },
    {
      line: 'return (launch.audience?.segments ?? [])',
      change: '[] → ["Stryker was here"]',
      why: 'A text is no segment, so nobody of it is left.',
    },
  ],
  shots: [
    {
      line: 'if (shot.closed === null || shot.totals === null)',
      change: 'shot.closed === null || shot.totals === null → shot.closed === null && shot.totals === null',
      why: 'A close sets both at once.',
    },
    {
      line: 'if (shot.closed === null || shot.totals === null)',
      change: 'shot.closed === null → false',
      why: 'A close sets both at once.',
    },
    {
      line: 'if (shot.closed === null || shot.totals === null)',
      change: 'shot.totals === null → false',
      why: 'A close sets both at once.',
    },
    {
      line: 'shot.totals?.find(({ segment, attempt }) => segment === totals.segment && attempt === totals.attempt),',
      change: 'shot.totals?.find → shot.totals.find',
      why: 'It is asked in the line before whether there are totals.',
    },
    {
      line: 'if (attempt === 1) return [shot.audience.segments.find(({ id }) => id === segment)?.devices ?? 0];',
      change:
        'shot.audience.segments.find(({ id }) => id === segment)?.de… → shot.audience.segments.find(({ id }) => id === segment).dev…',
      why: 'Every segment of a shot is one of its audience: it was shown so.',
    },
    {
      line: 'const tries = own(launch.attempts, segment) ?? [];',
      change: '[] → ["Stryker was here"]',
      why: 'Every segment of a shot has had this attempt.',
    },
    {
      line: '...(mine === undefined ? [] : [mine.devices]),',
      change: '[] → ["Stryker was here"]',
      why: 'Every segment of a shot has had this attempt.',
    },
    {
      line: '...(mine === undefined ? [] : [mine.devices]),',
      change: 'mine === undefined → false',
      why: 'Every segment of a shot has had this attempt.',
    },
    {
      line: '...(mine?.totals == null ? [] : [mine.totals.devices]),',
      change: 'mine?.totals → mine.totals',
      why: 'Every segment of a shot has had this attempt.',
    },
    {
      line: '...(before?.totals == null ? [] : [resendable(before.totals, launch)]),',
      change: '[] → ["Stryker was here"]',
      why: 'An attempt is approved once the one before it is closed.',
    },
    {
      line: '...(before?.totals == null ? [] : [resendable(before.totals, launch)]),',
      change: 'before?.totals == null → false',
      why: 'An attempt is approved once the one before it is closed.',
    },
    {
      line: '...(before?.totals == null ? [] : [resendable(before.totals, launch)]),',
      change: 'before?.totals → before.totals',
      why: 'An attempt is approved once the one before it is closed.',
    },
    {
      line: 'if (b === undefined || a.devices !== b.devices) return false;',
      change: 'false → true',
      why: 'That each is there, and for so many devices, is asked before.',
    },
    {
      line: 'if (b === undefined || a.devices !== b.devices) return false;',
      change: 'b === undefined || a.devices !== b.devices → false',
      why: 'That each is there, and for so many devices, is asked before.',
    },
    {
      line: 'if (b === undefined || a.devices !== b.devices) return false;',
      change: 'b === undefined || a.devices !== b.devices → b === undefined && a.devices !== b.devices',
      why: 'That each is there, and for so many devices, is asked before.',
    },
    {
      line: 'if (b === undefined || a.devices !== b.devices) return false;',
      change: 'b === undefined → false',
      why: 'That each is there, and for so many devices, is asked before.',
    },
    {
      line: 'if (b === undefined || a.devices !== b.devices) return false;',
      change: 'a.devices !== b.devices → false',
      why: 'That each is there, and for so many devices, is asked before.',
    },
  ],
  moment: [
    {
      line: 'nowMs < atMs',
      change: 'nowMs < atMs → nowMs <= atMs',
      why: 'At the moment itself it goes: this sentence is not said then.',
    },
  ],
  'rule-gates': [
    {
      line: `const asked = (launch.audience?.segments ?? []).filter(({ id }) => segments === 'all' || segments.includes(id));`,
      change: '[] → ["Stryker was here"]',
      why: 'A text is no segment of iOS: it may go to Android, as without an audience.',
    },
    {
      line: 'const owners = runbook.gates.flatMap(({ owner }) => owner ?? []);',
      change: '[] → ["Stryker was here"]',
      why: 'A text is the id of nobody.',
    },
  ],
  deadlines: [
    {
      line: 'if (atMs === null || nowMs < atMs || atMs <= launch.createdAtMs || own(launch.missed, step.id) !== undefined)',
      change: 'atMs === null → false',
      why: 'What is null counts as the beginning of time, long before the launch: asked for the type alone.',
    },
    {
      line: `const scale = act.kind === 'scale' ? own(launch.scale, act.target) : undefined;`,
      change: `act.kind === 'scale' → true`,
      why: 'No other action has a target, and nothing is ordered of none: asked for the type alone.',
    },
    {
      line: 'const isUnknown = step.verify !== undefined && !isKnown(launch, step.verify, measured, nowMs);',
      change: 'step.verify !== undefined → true',
      why: 'Of a gate that is none everything is known: asked for the type alone.',
    },
    {
      line: 'if (step === undefined || atMs === null)',
      change: 'step === undefined → false',
      why: 'What is no step has no deadline: asked for the type alone.',
    },
  ],
  'clean-up': [
    {
      line: `step.do.kind === 'scale' && step.do.target === id ? [{ step, to: step.do.to }] : [],`,
      change: `step.do.kind === 'scale' → true`,
      why: 'No other action has a target: asked for the type alone.',
    },
    {
      line: `step.do.kind === 'switch' && step.do.switch === id ? [{ step, to: step.do.value }] : [],`,
      change: `step.do.kind === 'switch' → true`,
      why: 'No other action has a switch: asked for the type alone.',
    },
  ],
  'stand-down': [
    {
      line: 'const { accepted, uncertain } = sumTotals(shots.flatMap(({ totals }) => totals ?? []));',
      change: '[] → ["Stryker was here"]',
      why: 'A launch is not called off while a shot runs, and one that is closed has its totals.',
    },
  ],
  voiding: [
    {
      line: 'shown.audienceHash !== launch.audience?.hash ||',
      change: 'launch.audience?.hash → launch.audience.hash',
      why: 'An order is shown with an audience, and none is ever taken away.',
    },
  ],
  authority: [
    {
      line: `return roles !== 'system' && person.roles.some((role) => roles.includes(role));`,
      change: `roles !== 'system' → true`,
      why: 'The word `system` holds the name of no role.',
    },
    {
      line: `return may(person, 'request-fire') || may(person, 'approve-fire');`,
      change: `may(person, 'request-fire') || may(person, 'approve-fire') → may(person, 'request-fire') && may(person, 'approve-fire')`,
      why: 'The two have the same roles, and whoever gives one of them others must choose.',
    },
    {
      line: `const people = command.kind === 'create-launch' ? command.runbook.people : (launch?.people ?? []);`,
      change: '[] → ["Stryker was here"]',
      why: 'Without a launch only its creation comes here, and that goes by the runbook.',
    },
    {
      line: `const people = command.kind === 'create-launch' ? command.runbook.people : (launch?.people ?? []);`,
      change: 'launch?.people → launch.people',
      why: 'Without a launch only its creation comes here, and that goes by the runbook.',
    },
  ],
  'runbook-change': [
    {
      line: "const isHardened = key === 'hard' && after === 'true';",
      change: "key === 'hard' → true",
      why: 'No other key of a gate is one of true and false.',
    },
    {
      line: "first === list && id !== undefined && key !== 'title' ? [id] : [],",
      change: 'id !== undefined → true',
      why: 'A difference in the order of these lists is none, so each has an id: asked for the type alone.',
    },
    {
      line: "(id) => launch.steps[id]?.state === 'started' && doing(launch.runbook, id) !== doing(plan, id),",
      change: 'launch.steps[id]?.state → launch.steps[id].state',
      why: 'The id is one of its keys: asked for the type alone.',
    },
  ],
  'fire-policy': [
    {
      line: 'export function firersOf({ people, runbook: { fire, groups = [] } }: Firing, act: FireAct): Person[] {',
      change: '[] → ["Stryker was here"]',
      why: 'A text has no people, and no id that anybody named.',
    },
    {
      line: 'for (const asker of askers ?? []) {',
      change: '[] → ["Stryker was here"]',
      why: 'There are two lists, one for each act: asked for the type alone.',
    },
    {
      line: 'const another = approvers?.find(({ id }) => id !== asker.id);',
      change: 'approvers?.find → approvers.find',
      why: 'There are two lists, one for each act: asked for the type alone.',
    },
  ],
  reminders: [
    {
      line: 'askedAtMs !== null &&',
      change: 'askedAtMs !== null → true',
      why: 'Nothing is later than null, so it asks for the type alone.',
    },
    {
      line: '...(askedAtMs === null || askedAtMs <= afterMs ? [] : [askedAtMs]),',
      change: 'askedAtMs === null → false',
      why: 'Null is no later than any time, so it asks for the type alone.',
    },
  ],
  'plan-voids': [
    {
      line: 'first === list && id !== undefined && !harmless.has(key) ? [id] : [],',
      change: 'id !== undefined → true',
      why: 'A difference in the order of these lists is none, so each has an id: asked for the type alone.',
    },
    ...[
      `first === 'phases' && second === 'steps' && id !== undefined → true`,
      `first === 'phases' && second === 'steps' && id !== undefine… → first === 'phases' && second === 'steps' || id !== undefined`,
      `first === 'phases' && second === 'steps' && id !== undefined → first === 'phases' && second === 'steps' || id !== undefined`,
      `first === 'phases' && second === 'steps' → true`,
      `first === 'phases' && second === 'steps' → first === 'phases' || second === 'steps'`,
      `first === 'phases' → true`,
      `second === 'steps' → true`,
      'id !== undefined → true',
      '[] → ["Stryker was here"]',
    ].map((change) => ({
      line: `first === 'phases' && second === 'steps' && id !== undefined && !OF_NO_STEP.has(key) ? [id] : [],`,
      change,
      why: 'Only what is a step of the runbook is asked for in it, and no other path has one in its fourth place.',
    })),
    {
      line: `differences.flatMap(({ names: [first, id, ...inner] }) => (first === 'phases' && inner.length === 0 ? [id] : [])),`,
      change: '[] → ["Stryker was here"]',
      why: 'No phase is called so.',
    },
  ],
  aftermath: [
    {
      line: 'const atMs = /^\\d{4}-\\d{2}-\\d{2}$/.test(due) ? Date.parse(`${due}T00:00:00Z`) : Number.NaN;',
      change: '/^\\d{4}-\\d{2}-\\d{2}$/ → /\\d{4}-\\d{2}-\\d{2}$/',
      why: 'What stands before it is no date of the calendar, or does not begin as it is written back.',
    },
    {
      line: 'const atMs = /^\\d{4}-\\d{2}-\\d{2}$/.test(due) ? Date.parse(`${due}T00:00:00Z`) : Number.NaN;',
      change: '/^\\d{4}-\\d{2}-\\d{2}$/ → /^\\d{4}-\\d{2}-\\d{2}/',
      why: 'What stands after it is no date with the time that is put there.',
    },
    {
      line: '...runbook.gates.flatMap(({ owner }) => (owner === undefined ? [] : ownerOf(launch, owner).people)),',
      change: 'owner === undefined → false',
      why: 'Nobody is called undefined: asked for the type alone.',
    },
    {
      line: '...runbook.gates.flatMap(({ owner }) => (owner === undefined ? [] : ownerOf(launch, owner).people)),',
      change: '[] → ["Stryker was here"]',
      why: 'Nobody on a roster is called so, and only those on it are told.',
    },
  ],
  'plan-changes': [
    {
      line: 'if (key === undefined) return { value: undefined, schemas };',
      change: '{ value: undefined, schemas } → {}',
      why: 'What is not there has no figure whose unit anybody would look up.',
    },
    {
      line: "if (!units.some((unit) => unit.startsWith('time before or after T'))) return value.toLocaleString('en-US');",
      change:
        "units.some((unit) => unit.startsWith('time before or after … → units.every(unit => unit.startsWith('time before or after T…",
      why: 'All that the schema says of one key has one unit.',
    },
    {
      line: "return value === 0 ? 'T' : `T${value < 0 ? '-' : '+'}${written(Math.abs(value))}`;",
      change: 'value < 0 → value <= 0',
      why: 'Zero is told before.',
    },
  ],
};
