import type { Found } from '../../runbooks/playbook/checked-yaml.ts';
import type { LaunchConfig } from './launch-config.ts';

/** Images by tag or digest: a task that starts in the middle of a shot must be the one that was rehearsed. */

const ECR = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\//;

function namesOf({ images }: LaunchConfig): [path: string[], image: string][] {
  const { previous, ...rest } = images;
  return [
    ...Object.entries(rest).flatMap(([name, image]): [string[], string][] =>
      image === undefined ? [] : [[['images', name], image]],
    ),
    ...Object.entries(previous ?? {}).map(([name, image]): [string[], string] => [['images', 'previous', name], image]),
  ];
}

/** Null: it has neither tag nor digest. A colon before the last slash is the port of a registry. */
export function pinOf(image: string): string | null {
  const [name = '', digest] = image.split('@');
  return digest ?? /:([^/:]+)$/.exec(name)?.[1] ?? null;
}

export function imageProblems(config: LaunchConfig): Found[] {
  return namesOf(config).flatMap(([path, image]): Found[] => {
    const pin = pinOf(image);
    if (pin !== null && pin !== 'latest') return [];
    return [
      {
        path,
        found: `${JSON.stringify(image)}, ${pin === null ? 'which names no build' : 'which is another build every time'}`,
        expected: 'a tag of one build, or a digest, like gobutton-worker:1295d11',
      },
    ];
  });
}

/** What works, and may not be meant. */
export function imageWarnings(config: LaunchConfig): string[] {
  return namesOf(config).flatMap(([path, image]) => {
    const [, account, region] = ECR.exec(image) ?? [];
    const at = path.join('.');
    return [
      ...(account !== undefined && account !== config.account
        ? [`${at} lies in the account ${account}: its repository has to let ${config.account} pull from it.`]
        : []),
      ...(region !== undefined && region !== config.region
        ? [`${at} lies in ${region}: each task that starts fetches it from there. Push it to ${config.region}.`]
        : []),
    ];
  });
}
