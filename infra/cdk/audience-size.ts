/**
 * Of the task that compiles an audience. It sorts on disk: with less it takes longer, and does the same. Measured with one core and
 * 500 MB for the database (docs/aws.md, *An audience from the channel*): a million devices peak at 0.69 GB, take 14 s of a core
 * and 0.2 GB of disk, six million 0.9 GB and 1.2 GB. What is larger was not measured, and is far above that line.
 */
interface AudienceSize {
  cpu: number;
  memoryLimitMiB: number;
  ephemeralStorageGiB: number;
}

const gib = (cpu: number, memory: number, disk: number): AudienceSize => ({
  cpu: cpu * 1_024,
  memoryLimitMiB: memory * 1_024,
  ephemeralStorageGiB: disk,
});

/** Up to how many devices. Sizes of Fargate (docs/facts.md#fargate-sizes), which gives a task 200 GiB of disk at most. */
const SIZES: readonly (readonly [upToDevices: number, size: AudienceSize])[] = [
  [1_000_000, gib(1, 2, 30)],
  [6_000_000, gib(2, 4, 30)],
  [20_000_000, gib(4, 16, 60)],
  [100_000_000, gib(8, 32, 120)],
];
const LARGEST = gib(16, 64, 200);

/** The compile takes all cores and most of the memory that it finds (`workers/audience/commands/own-machine.ts`). */
export const audienceSize = (devices: number): AudienceSize => SIZES.find(([upTo]) => devices <= upTo)?.[1] ?? LARGEST;
