// The dictionary files of opencc-js carry no types: each is one string of "from to" pairs joined by "|".
declare module 'opencc-js/dict/TSCharacters' {
  const pairs: string
  export default pairs
}
