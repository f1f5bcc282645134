import { doctorMessage } from '../views/doctor.ts';
import type { Subcommand } from './subcommand.ts';

export const doctor: Subcommand = {
  name: 'doctor',
  also: ['preflight', 'checkup'],
  usage: ['doctor'],
  group: 'Prepare',
  needs: 'launch',
  does: 'Looks whether Slack, AWS and the providers are as this launch needs them, and says what to do. Sends nothing; takes some seconds.',
  async run({ desk, launch }) {
    return doctorMessage(launch.id, await desk.examine(launch));
  },
};
