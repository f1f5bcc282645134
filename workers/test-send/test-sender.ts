import type { StaffDevices } from '../../infra/aws/staff-devices.ts';
import type { TestResult } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { WorkerConfig } from '../config.ts';
import type { ServiceAccount } from '../credentials/service-account.ts';
import { createApnsClient } from './apns-seam.ts';
import { createFcmClient } from './fcm-seam.ts';
import { sendTestCopies } from './test-send.ts';

/** Sends test copies with clients that live as long as one order: tests are rare, and nothing of them should stay open beside the lanes. */
export function testSender(
  { apns, fcm, ca }: Pick<WorkerConfig, 'apns' | 'fcm' | 'ca'>,
  account: ServiceAccount,
  staff: StaffDevices,
) {
  return async (launch: Launch, testId: string, to: readonly string[]): Promise<TestResult[]> => {
    const devices = (await staff.of(launch)).filter(({ person }) => to.includes(person));
    const clients = {
      apns: createApnsClient({
        teamId: apns.teamId,
        keyId: apns.keyId,
        keyPem: apns.keyPem,
        localUrl: apns.isLocal ? apns.url : null,
        ca,
      }),
      fcm: createFcmClient({ account, localUrl: fcm.isLocal ? fcm.url : null, tokenUrl: fcm.tokenUrl, ca }),
    };
    try {
      return await sendTestCopies(clients, launch, testId, devices);
    } finally {
      await Promise.all([clients.apns.destroy(), clients.fcm.close()]);
    }
  };
}
