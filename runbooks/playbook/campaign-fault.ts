/** Something in a campaign that can't be sent as it is. `path` leads from the campaign, e.g. `data.from`, `locales.de.body`. */
export interface CampaignFault {
  path: string[];
  found: string;
  expected: string;
}
