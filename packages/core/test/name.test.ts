import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lookAlike, nameFault, nameKey, normalName, normalText, normalValue, shownFault } from '../src/name.ts'

test('a name is stored in NFC, with single spaces and none at its ends', () => {
  assert.equal(normalName('  Zoe\u0308\u00a0 Ng\u3000'), 'Zoë Ng')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      const once = normalText(text)
      assert.equal(normalText(once), once)
    }),
  )
})

test('a name that shows less than it holds is refused with what to remove', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /must not be empty/],
    [' \u00a0 ', /must not be empty/],
    ['a\u0000b', /control character U\+0000/],
    ['a\tb', /control character U\+0009/],
    ['a\u200bb', /invisible character U\+200B/],
    ['admin\u202egpj', /invisible character U\+202E/],
    ['a\u00adb', /invisible character U\+00AD/],
    ['\u3164', /invisible character U\+3164/],
    ['a\ufe0f', /invisible character U\+FE0F/],
    ['a\ue000', /unassigned character U\+E000/],
    ['a\u0378', /unassigned character U\+0378/],
    ['\ud800a', /unassigned character U\+D800/],
    ['\u0301a', /accent that stands alone/],
  ]
  for (const [name, reason] of refused) {
    assert.match(nameFault(normalText(name)) ?? 'fine', reason, JSON.stringify(name))
    assert.throws(() => normalValue(name), { code: 'name-invalid' })
  }
})

test('a word that mixes letters of scripts that pass for one another is refused, a name of several words is not', () => {
  for (const name of ['p\u0430ypal', 'Αdmin', 'аdmin', 'ｐаypal', 'anаlysts@corp.example']) {
    assert.match(nameFault(name) ?? 'fine', /must not mix/, name)
  }
  for (const name of [
    'Иван Petrov',
    'finance-аналитика',
    '東京Tower',
    'データABC',
    'kim김',
    'µm',
    'données',
    'José',
    'user_1',
  ]) {
    assert.equal(nameFault(name), undefined, name)
  }
  assert.equal(normalValue('5 kΩ'), '5 kΩ')
})

test('a full name may join characters and show emoji', () => {
  assert.equal(shownFault('علی\u200cرضا'), undefined)
  assert.equal(shownFault('Ann ✈\ufe0f'), undefined)
  assert.match(shownFault('Ann\u202e') ?? 'fine', /invisible/)
})

test('names that differ in case or width have one key', () => {
  for (const [one, other] of [
    ['Ann.Lee', 'ANN.LEE'],
    ['ann', 'ａｎｎ'],
    ['Zoë', 'ZOE\u0308'],
    ['ΟΔΟΣ', 'οδος'],
    ['ISTANBUL', 'ıstanbul'],
  ] as const) {
    assert.equal(nameKey(one), nameKey(other), `${one} ${other}`)
  }
  assert.notEqual(nameKey('Weiß'), nameKey('Weiss'))
  assert.notEqual(nameKey('сор'), nameKey('cop'))
})

test('a word of one script that looks like one of another counts as it', () => {
  assert.equal(lookAlike('сор'), lookAlike('COP'))
  assert.equal(lookAlike('ВОТ'), lookAlike('BOT'))
  assert.equal(lookAlike('ΑΒΕ'), lookAlike('abe'))
  assert.notEqual(lookAlike('Иван'), lookAlike('Ivan'))
})
