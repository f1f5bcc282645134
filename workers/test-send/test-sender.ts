import type { StaffDevices } from '../../infra/aws/staff-devices.ts';
import { own } from '../../runbooks/launch/decision.ts';
import type { TestResult } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { copiesOf } from '../../runbooks/launch/test-copies.ts';
import type { WorkerConfig } from '../config.ts';
import type { ProviderSecrets } from '../credentials/provider-secrets.ts';
import { createApnsClient } from './apns-seam.ts';
import { createFcmClient } from './fcm-seam.ts';
import { sendTestCopies } from './test-send.ts';

/** Sends test copies with clients that live as long as one order: tests are rare, and nothing of them should stay open beside the lanes. */
export function testSender(
  { apns, fcm, ca }: Pick<WorkerConfig, 'apns' | 'fcm' | 'ca'>,
  secrets: ProviderSecrets,
  staff: StaffDevices,
) {
  return async (launch: Launch, testId: string, to: readonly string[]): Promise<TestResult[]> => {
    const devices = copiesOf(launch, own(launch.tests, testId) ?? { to: [...to] }, await staff.of(launch));
    const clients = {
      apns: createApnsClient({
        ...secrets.apns.current(),
        localUrl: apns.isLocal ? apns.url : null,
        ca,
      }),
      fcm: createFcmClient({
        account: secrets.fcm.current(),
        localUrl: fcm.isLocal ? fcm.url : null,
        tokenUrl: fcm.tokenUrl,
        ca,
      }),
    };
    try {
      return await sendTestCopies(clients, launch, testId, devices);
    } finally {
      await Promise.all([clients.apns.destroy(), clients.fcm.close()]);
    }
  };
}
