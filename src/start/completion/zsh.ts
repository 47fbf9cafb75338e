import { optionPattern, placePattern, quote } from './patterns.ts';
import type { Place, Word } from './words.ts';

/** To be sourced, or kept as `_sluice` in a folder of `$fpath`. */
export function zshCompletion(places: readonly Place[]): string {
  const described = (words: readonly Word[]) =>
    words.map(({ word, means }) => quote(means ? `${word}:${means.replaceAll(':', '\\:')}` : word)).join(' ');
  const words = ({ path, commands, options, takesFile }: Place) =>
    `    ${quote(path)}) names=(${described(commands)}); flags=(${described(options)}); files='${takesFile ? 'yes' : ''}' ;;`;
  return `#compdef sluice
# zsh completion of sluice: source <(sluice completion zsh)
_sluice() {
  local place='' next='' files='' i
  local -a names flags
  for ((i = 2; i < CURRENT; i++)); do
    next=\${place:+$place }\${words[i]}
    case "$next" in
      ${placePattern(places)}) place=$next ;;
    esac
  done
  case "$place" in
${places.map(words).join('\n')}
  esac
  case "$place \${words[CURRENT-1]}" in
    ${optionPattern(places, ({ fileOptions }) => fileOptions)}) _files; return ;;
    ${optionPattern(places, ({ valueOptions }) => valueOptions)}) return ;;
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option flags
  elif [[ $files ]]; then
    _files
  else
    _describe command names
  fi
}
if [[ $funcstack[1] == _sluice ]]; then _sluice "$@"; else compdef _sluice sluice; fi
`;
}
