import type { Place } from './words.ts';

export function fishCompletion(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options, fileOptions, valueOptions, takesFile }) => {
    const at = `complete -c sluice -n ${quote(`__sluice_at ${quote(path)}`)}`;
    return [
      ...commands.map(({ word, means }) => `${at} -a ${quote(word)}${means ? ` -d ${quote(means)}` : ''}`),
      ...options.map(({ word, means }) => {
        const value = fileOptions.includes(word) ? ' -r -F' : valueOptions.includes(word) ? ' -x' : '';
        return `${at} -l ${quote(word.replace(/^-+/, ''))}${value} -d ${quote(means)}`;
      }),
      ...(takesFile ? [`${at} -F`] : []),
    ];
  });
  return `# fish completion of sluice: sluice completion fish | source
function __sluice_at
  set -l place ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$place $word")
    contains -- $next ${places
      .filter(({ path }) => path !== '')
      .map(({ path }) => quote(path))
      .join(' ')}; and set place $next
  end
  test "$place" = "$argv[1]"
end
complete -c sluice -f
${lines.join('\n')}
`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
