import { z } from 'zod';
import { key } from '../key.ts';

/** Lines of the doctor that are about what is asked of others in good time: quotas, capacity, throughput. */
export const DOCTOR_CHECKS = [
  'quotas.fargate-vcpus',
  'quotas.fargate-spot-vcpus',
  'quotas.tasks',
  'quotas.launch-rate',
  'quotas.table-writes',
  'quotas.table-reads',
  'quotas.account-writes',
  'quotas.account-reads',
  'quotas.fifo',
  'tables.warm',
  'providers.fcm-quota',
] as const;

export const doctor = z
  .strictObject({
    kind: z.literal('doctor'),
    checks: key(z.array(z.enum(DOCTOR_CHECKS)).min(1).optional(), {
      means:
        'Which lines of `/go doctor`. `quotas.fifo`: whether the FIFO queue has high throughput, or needs none; `tables.warm`: DynamoDB capacity for the planned claims; `providers.fcm-quota`: the declared quota against devices and pace, and who confirmed it.',
      absent: 'all that can be named',
      example: ['quotas.fifo', 'tables.warm'],
    }),
  })
  .meta({
    description:
      'What `/go doctor` finds of quotas, capacity and throughput for this audience and plan. Looked at anew every ten minutes, and when audience or plan change.',
    example: { kind: 'doctor', checks: ['quotas.fifo', 'tables.warm', 'providers.fcm-quota'] },
  });
