import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';
import { FACT, keepFact } from '../facts.ts';
import { isLookDue, lastLook, lookText } from '../gates/doctor-probe.ts';

/** Has the doctor look, for launches whose gates go by it: again and again, and at once for another audience. */
export async function doctorWatch(context: Context, launch: Launch): Promise<void> {
  const { cloud, examine, nowMs } = context;
  if (examine === undefined || !launch.runbook.gates.some(({ probe }) => probe?.kind === 'doctor')) return;
  if (!isLookDue(launch, await lastLook(cloud, launch.id), nowMs())) return;
  const lines = await examine(launch);
  await keepFact(context, launch.id, FACT.doctor, lookText(launch, lines, nowMs()));
}
