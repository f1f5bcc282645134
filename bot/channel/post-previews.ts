import type { WebClient } from '@slack/web-api';
import type { Preview } from '../../infra/preview/draw.ts';

export interface PreviewPost {
  channelId: string;
  /** Tells the files of one content from those of another. */
  contentHash: string;
  comment: string;
  previews: readonly Preview[];
}

/** All in one message, a file for each locale. Throws what Slack answers. */
export async function postPreviews(
  client: WebClient,
  { channelId, contentHash, comment, previews }: PreviewPost,
): Promise<void> {
  await client.files.uploadV2({
    channel_id: channelId,
    initial_comment: comment,
    file_uploads: previews.map(({ locale, png, cut }) => ({
      file: Buffer.from(png),
      filename: `preview-${locale.replace('/', '-')}-${contentHash.slice(0, 8)}.png`,
      title: locale,
      alt_text: `How the ${locale} text looks on a locked phone: iOS and Android, light and dark.${cut.length === 0 ? '' : ` Cut there: ${cut.join(', ')}.`}`,
    })),
  });
}
