import { forecastMessage } from '../views/surge.ts';
import type { Subcommand } from './subcommand.ts';

export const forecast: Subcommand = {
  name: 'forecast',
  also: ['surge'],
  usage: ['forecast'],
  group: 'Prepare',
  needs: 'launch',
  does: 'Shows what the push brings upon each fleet and whether it can take it, with a form for figures that a rehearsal or a monitor has shown.',
  run: async ({ launch }) => forecastMessage(launch),
};
