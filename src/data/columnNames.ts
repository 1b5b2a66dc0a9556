export type Role = 'user' | 'item' | 'value' | 'time';

/** Names of columns in logs seen in the wild, best first, in the form `plainName` gives. */
const NAMES: Readonly<Record<Role, readonly string[]>> = {
  user: `user userid uid username customerid customer custid clientid client visitorid visitor memberid member
    accountid account buyerid buyer reviewerid reviewer profileid sessionid session`.split(/\s+/),
  item: `item itemid iid movieid movie productid product sku stockcode parentasin asin bookid book isbn isbn13
    articleid article artistid artist trackid track songid song videoid video gameid game appid app
    businessid business poiid poi newsid contentid content aid`.split(/\s+/),
  value: `rating ratings stars score overall value quantity qty count plays playcount listens weight`.split(
    /\s+/,
  ),
  time: `time timestamp ts datetime date at eventtime unixtime unixreviewtime createdat invoicedate orderdate
    purchasedate reviewtime reviewdate`.split(/\s+/),
};

const RATINGS = new Set(['rating', 'ratings', 'stars', 'score', 'overall']);
const AMOUNTS = new Set(['quantity', 'qty', 'count', 'plays', 'playcount', 'listens', 'weight']);

const TYPE = /:(token|float)(_seq)?$/;

/** "User_ID" -> "userid"; RecBole's "user_id:token" too. */
export const plainName = (name: string): string =>
  name
    .replace(TYPE, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

/** Whether a line is a header of RecBole's atomic files: every name with its type. */
export const isTyped = (names: readonly string[]): boolean => names.every((name) => TYPE.test(name));

/** Places of the columns of single tokens in such a header. */
export const tokenColumns = (names: readonly string[]): number[] =>
  names.flatMap((name, place) => (name.endsWith(':token') ? [place] : []));

/**
 * Place of the column of `names` that is best known for a role, or -1. Names may be paths: "user.id" is known as a
 * whole, "events.aid" by its last part.
 */
export function knownColumn(names: readonly string[], role: Role): number {
  const plain = names.map(plainName);
  const last = names.map((name) => plainName(name.slice(name.lastIndexOf('.') + 1)));
  for (const known of NAMES[role]) {
    const whole = plain.indexOf(known);
    const at = whole >= 0 ? whole : last.indexOf(known);
    if (at >= 0) return at;
  }
  return -1;
}

/** How many different roles a line names: two or more make it a header. */
export const rolesNamed = (names: readonly string[]): number =>
  (Object.keys(NAMES) as Role[]).filter((role) => knownColumn(names, role) >= 0).length;

/** What a value column's name says about its numbers: opinions, of which the last counts, or amounts, which add up. */
export function valueKind(name: string | undefined): 'rating' | 'amount' | undefined {
  const plain = plainName(name ?? '');
  return RATINGS.has(plain) ? 'rating' : AMOUNTS.has(plain) ? 'amount' : undefined;
}
