// For TypeDoc: a type that is one of several strings says what each of them means. The Markdown plugin shows such comments
// for objects only, and without them a list of error codes is a list of riddles.
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc'

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const alias of project.getReflectionsByKind(ReflectionKind.TypeAlias)) describeMembers(alias)
  })
}

function describeMembers(alias) {
  const { types = [], elementSummaries } = alias.type ?? {}
  if (elementSummaries === undefined || types.some(({ type }) => type !== 'literal')) return
  const parts = types.flatMap(({ value }, i) => [
    { kind: 'text', text: elementSummaries[i]?.length > 0 ? `- \`'${value}'\`: ` : `- \`'${value}'\`` },
    ...(elementSummaries[i] ?? []),
    { kind: 'text', text: '\n' },
  ])
  alias.comment ??= new Comment()
  alias.comment.blockTags.push(new CommentTag('@values', parts))
}
