import { createStaffDevices } from '../../infra/aws/staff-devices.ts';
import type { StaffDevices } from '../../infra/aws/staff-devices.ts';

/** The real store of staff devices over objects in memory. */
export function memoryStaff(): StaffDevices {
  const objects = new Map<string, Uint8Array>();
  return createStaffDevices({
    put: async (key, body) => {
      objects.set(key, body);
    },
    get: async (key) => objects.get(key) ?? null,
    list: async (prefix) =>
      [...objects].filter(([key]) => key.startsWith(prefix)).map(([key, body]) => ({ key, bytes: body.length })),
    remove: async (key) => {
      objects.delete(key);
    },
  });
}
