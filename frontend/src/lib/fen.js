// Money without floats: yuan as typed <-> fen as BigInt. The same rules as app/ui/forms/casting.py.
const AMOUNT = /^-?(?:\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.\d{1,2})?$/;
const WHOLE = /^-?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.0+)?$/;

const narrow = (text) => text.normalize('NFKC').replaceAll('。', '.').replaceAll('−', '-').trim();

// null: nothing typed; undefined: no exact amount
export function parseFen(text) {
  const plain = narrow(text ?? '').replace(/[¥\s]|元$/g, '');
  if (plain === '') return null;
  if (!AMOUNT.test(plain)) return undefined;
  const [whole, part = ''] = plain.replaceAll(',', '').split('.');
  const fen = BigInt(whole.replace('-', '')) * 100n + BigInt(part.padEnd(2, '0'));
  return plain.startsWith('-') ? -fen : fen;
}

export function parseWhole(text) {
  const plain = narrow(text ?? '').replaceAll(' ', '');
  if (plain === '') return null;
  return WHOLE.test(plain) ? BigInt(plain.replaceAll(',', '').split('.')[0]) : undefined;
}

export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

export function formatFen(fen) {
  const [sign, size] = fen < 0n ? ['-', -fen] : ['', fen];
  return `${sign}${grouped(size / 100n)}.${String(size % 100n).padStart(2, '0')}`;
}

// 14800000 fen -> 14.8 万元; only from ten thousand yuan on, where zeros start to be hard to count
export function inWan(fen) {
  const size = fen < 0n ? -fen : fen;
  if (size < 1000000n) return '';
  const [unit, name] = size >= 10000000000n ? [10000000000n, '亿元'] : [1000000n, '万元'];
  const part = String(size % unit).padStart(String(unit).length - 1, '0').replace(/0+$/, '');
  return `= ${fen < 0n ? '-' : ''}${grouped(size / unit)}${part ? `.${part}` : ''} ${name}`;
}
