import type { Launch } from '../../runbooks/launch/launch.ts';
import { context, header, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { keyText, namesOfWho } from './names.ts';
import { rosterMessage } from './requests.ts';
import { fit, plural, safe } from './words.ts';

/** The roster: one line a human, whatever they act with; and the change that waits for its second person. */
export function peopleMessage(launch: Launch): Message {
  const lines = launch.people.map((person) => {
    const by = [
      ...person.slack.slice(0, 3).map((id) => `<@${id}>`),
      ...person.operator_keys.map((key) => `operator key ${keyText(key)}`),
    ];
    return `*${safe(person.name, 80)}*  ${person.roles.join(', ')}  ${by.join(' ')}${person.devices.length === 0 ? '' : `  · ${plural(person.devices.length, 'test device')}`}`;
  });
  const waiting = Object.values(launch.rosterChanges)
    .filter((change) => change.open)
    .slice(-3);
  return message(`People of ${launch.name}`, [
    header(`People of ${launch.name}`),
    section(fit(lines, 2_900)),
    ...waiting.flatMap((change) => rosterMessage(launch, change.id).blocks),
    context(
      'On-call scales and drives steps, marketers write the texts, both ask for fire and press GO, observers look on. Asking and pressing takes two different people.',
    ),
    ...(launch.runbook.fire === undefined
      ? []
      : [
          context(
            `By this runbook ${namesOfWho(launch, 'request-fire')} may ask for fire, and ${namesOfWho(launch, 'approve-fire')} may press GO.`,
          ),
        ]),
  ]);
}
