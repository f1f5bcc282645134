import { ACCOUNT_ID } from './account.ts';
import type { Account, Image } from './account.ts';
import { AwsError, notImplemented, refuseOtherFields } from './aws-error.ts';

interface ImageId {
  imageTag?: string;
  imageDigest?: string;
}
interface Input {
  registryId?: string;
  repositoryName?: string;
  imageIds?: ImageId[];
}

/** ECR, for reading: which images there are. */
export function startEcr(account: Account): (operation: string, input: unknown) => unknown {
  return (operation, raw) => {
    const input = raw as Input;
    if (operation !== 'DescribeImages') throw notImplemented('ecr', operation);
    refuseOtherFields('ecr', operation, input, ['registryId', 'repositoryName', 'imageIds']);
    const { repositoryName: name = '', imageIds: ids, registryId = ACCOUNT_ID } = input;
    const images = registryId === ACCOUNT_ID ? account.images[name] : undefined;
    if (images === undefined)
      throw new AwsError(
        'RepositoryNotFoundException',
        `The repository with name '${name}' does not exist in the registry with id '${registryId}'`,
      );
    const found = (ids ?? images.map(({ digest }): ImageId => ({ imageDigest: digest }))).map((id) => {
      const image = images.find((one) => isMeant(one, id));
      if (image !== undefined) return image;
      const what = `imageDigest:'${id.imageDigest ?? 'null'}', imageTag:'${id.imageTag ?? 'null'}'`;
      throw new AwsError(
        'ImageNotFoundException',
        `The image with imageId {${what}} does not exist within the repository with name '${name}' in the registry with id '${registryId}'`,
      );
    });
    return {
      imageDetails: found.map(({ tags, digest, bytes }) => ({
        registryId,
        repositoryName: name,
        imageDigest: digest,
        imageTags: tags,
        imageSizeInBytes: bytes,
      })),
    };
  };
}

const isMeant = ({ tags, digest }: Image, { imageTag, imageDigest }: ImageId) =>
  (imageDigest === undefined || imageDigest === digest) && (imageTag === undefined || tags.includes(imageTag));
