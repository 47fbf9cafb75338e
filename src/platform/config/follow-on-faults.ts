import { isMailAddress } from '../mail-address.ts';
import type { Config } from './config.ts';
import { readWebhookTargets } from './webhook-targets.ts';

/** What is wrong with the settings of mail, webhooks and the like, beyond what each says of itself. */
export function followOnFaults(config: Partial<Config>): string[] {
  const faults: string[] = [];
  const { SMTP_URL: smtpUrl, MAIL_FROM: from, MAIL_TO: to, WEBHOOK_TARGETS: targets } = config;
  if (smtpUrl !== undefined && new URL(smtpUrl).hostname === '') {
    faults.push('SMTP_URL must name the mail server: smtp://HOST:PORT');
  }
  if (from !== undefined && !isMailAddress(from)) faults.push('MAIL_FROM must be a mail address');
  if (to !== undefined && !to.includes('{{customerId}}')) {
    faults.push('MAIL_TO must contain {{customerId}}: else every customer’s mail goes to one address');
  }
  if (targets !== undefined) {
    readWebhookTargets(targets, (fault) => faults.push(`WEBHOOK_TARGETS: ${fault}`));
  }
  const { FOLLOWERS: followers = [] } = config;
  if (followers.includes('none') && followers.length > 1) {
    faults.push('FOLLOWERS must be none, or some of the others');
  }
  if (followers.includes('mail') && smtpUrl === undefined)
    faults.push('FOLLOWERS has mail: set SMTP_URL too');
  if (followers.includes('webhook') && targets === undefined) {
    faults.push('FOLLOWERS has webhook: set WEBHOOK_TARGETS too');
  }
  if (followers.includes('bridge') && config.EVENT_BRIDGE !== 'on') {
    faults.push('FOLLOWERS has bridge: set EVENT_BRIDGE=on too');
  }
  return faults;
}
