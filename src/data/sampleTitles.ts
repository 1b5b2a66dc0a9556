/** Words of a kind of book; a title is two of them in a pattern. */
interface Genre {
  readonly category: string;
  readonly adjectives: readonly string[];
  readonly nouns: readonly string[];
}

const genre = (category: string, adjectives: string, nouns: string): Genre => ({
  category,
  adjectives: adjectives.split(' '),
  nouns: nouns.split(' '),
});

export const GENRES: readonly Genre[] = [
  genre(
    'crime',
    'Silent Cold Missing Last Broken Hidden Crooked Perfect Midnight Seventh',
    'Harbour Witness Alibi Detective Verdict Evidence Suspect Inspector Ransom Cellar',
  ),
  genre(
    'science fiction',
    'Distant Orbital Infinite Quantum Frozen Synthetic Outer Stellar Lunar Binary',
    'Colony Signal Starship Android Horizon Nebula Paradox Station Planet Machine',
  ),
  genre(
    'romance',
    'Tender Secret Summer Forbidden Golden Second Sweet Endless Parisian Stolen',
    'Kiss Wedding Promise Letter Heart Waltz Proposal Embrace Reunion Valentine',
  ),
  genre(
    'fantasy',
    'Enchanted Ancient Crimson Shadow Silver Forgotten Cursed Winter Northern Emerald',
    'Dragon Throne Sorcerer Kingdom Blade Prophecy Crown Griffin Tower Rune',
  ),
  genre(
    'history',
    'Roman Medieval Royal Imperial Victorian Fallen Great Colonial Viking Ottoman',
    'Empire Revolution Treaty Dynasty Siege Voyage Parliament Rebellion Cathedral Century',
  ),
  genre(
    'cooking',
    'Rustic Simple Spicy Tuscan Seasonal Hearty Vegetarian Slow Fresh Nordic',
    'Kitchen Bread Pasta Feast Garden Soup Pantry Dessert Table Oven',
  ),
  genre(
    'travel',
    'Wandering Coastal Alpine Desert Tropical Remote Andean Saharan Polar Island',
    'Road Trail Railway Journey Passport Village Atlas Expedition Map Ferry',
  ),
  genre(
    'children',
    'Little Brave Sleepy Curious Tiny Giggling Magic Busy Purple Jolly',
    'Rabbit Hedgehog Teddy Puppy Balloon Duckling Pirate Snowman Kitten Picnic',
  ),
];

/** The n-th title of a genre (0, 1, 2, ...): all different. */
export function titleOf({ adjectives, nouns }: Genre, n: number): string {
  const pairs = adjectives.length * nouns.length;
  const adjective = adjectives[n % adjectives.length];
  // The shift by n / adjectives walks through all pairs before one repeats.
  const noun = nouns[(n + Math.floor(n / adjectives.length)) % nouns.length];
  const volume = Math.floor(n / pairs);
  return `The ${adjective} ${noun}${volume > 0 ? `, volume ${volume + 1}` : ''}`;
}
