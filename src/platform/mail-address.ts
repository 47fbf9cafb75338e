/**
 * A mail address as a shop's customers have them: a dot-atom and a host name. Quoted local parts, comments, lists
 * and display names are none: what an order says must never name a second recipient.
 */
const address =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

/** 254 characters is the longest that fits into an SMTP path (RFC 5321). */
export function isMailAddress(text: string): boolean {
  const [local = ''] = text.split('@');
  return text.length <= 254 && local.length <= 64 && address.test(text);
}
