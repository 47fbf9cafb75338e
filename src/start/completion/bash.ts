import { optionPattern, placePattern, quote } from './patterns.ts';
import type { Place } from './words.ts';

/** Works with the bash 3.2 of macOS too. */
export function bashCompletion(places: readonly Place[]): string {
  const words = ({ path, commands, options, takesFile }: Place) =>
    `    ${quote(path)}) words='${commands.map(({ word }) => word).join(' ')}' ` +
    `options='${options.map(({ word }) => word).join(' ')}' files='${takesFile ? 'yes' : ''}' ;;`;
  return `# bash completion of sluice: source <(sluice completion bash)
_sluice() {
  local IFS=$' \\t\\n' current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local place='' next='' words='' options='' files='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    next=\${place:+$place }\${COMP_WORDS[i]}
    case "$next" in
      ${placePattern(places)}) place=$next ;;
    esac
  done
  case "$place" in
${places.map(words).join('\n')}
  esac
  case "$place $previous" in
    ${optionPattern(places, ({ fileOptions }) => fileOptions)}) words='' files='yes' ;;
    ${optionPattern(places, ({ valueOptions }) => valueOptions)}) return ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ $files ]]; then
    IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -F _sluice sluice
`;
}
