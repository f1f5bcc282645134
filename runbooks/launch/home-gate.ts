import type { Gate } from '../playbook/schema.ts';
import type { Launch } from './launch.ts';

/** Hard: what is pressed in a region that has not the launch would be sent by no worker (home.ts). */
export const HOME_GATE: Gate = {
  id: 'home-region',
  title: 'This region has the launch',
  hard: true,
  probe: { kind: 'home' },
  help: 'Another region has taken the launch over: press there. If the home item can’t be read, workers would send nothing: look at the table `homes`.',
};

/** Only a launch that another region may take over has it, whatever its runbook's own gates are. */
export function homeGate({ runbook }: Pick<Launch, 'runbook'>): Gate[] {
  return runbook.regions === undefined ? [] : [HOME_GATE];
}
