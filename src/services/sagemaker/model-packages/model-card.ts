/** The fields of a model card that are no content: what names the model, its risk rating, and its package. */
const METADATA: Readonly<Record<string, readonly string[]>> = {
  model_overview: ['model_id', 'model_name'],
  intended_uses: ['risk_rating'],
  model_package_details: ['model_package_group_name', 'model_package_arn'],
}

/** A model card's JSON with its metadata alone; an empty object when it is no JSON object. */
export function cardMetadata(content: string | undefined): string {
  const card = parseObject(content ?? '')
  const kept: Record<string, unknown> = {}
  for (const [section, fields] of Object.entries(METADATA)) {
    const values = asObject(card[section])
    const entries = fields.filter((field) => Object.hasOwn(values, field)).map((field) => [field, values[field]])
    if (entries.length > 0) kept[section] = Object.fromEntries(entries)
  }
  return JSON.stringify(kept)
}

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

function parseObject(text: string): Record<string, unknown> {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return {}
  }
}
