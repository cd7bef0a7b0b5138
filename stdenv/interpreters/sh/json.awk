# Reads a file of JSON for a shell: awk -f json.awk QUERY PATH FILE
#
# PATH leads from the root to a value: keys and indexes, from 0, with dots between; in a key, "\." is a dot and "\\" a
# backslash; an empty PATH is the root. QUERY is one of
#
#   get     the value as text: a string as its bytes, true, false, null, or a number as it is written
#   type    string, number, boolean, null, array or object
#   words   the elements of an array, or the values of an object, each as `get` has it, quoted for a shell
#   keys    the keys of an object, or the indexes of an array, quoted for a shell
#
# Exit code 3: there is no such value; 4: it is of another type than the query is for; 5: the file is not JSON, or a string
# holds U+0000, which no shell can hold. Of keys that are there twice the last counts. U+DC80 to U+DCFF, escaped and
# without a partner, stand for single bytes, as everywhere in cleave.

BEGIN {
  query = ARGV[1]
  file = ARGV[3]
  ARGC = 1
  count = 0
  wanted = split_path(ARGV[2], way)
  while ((status = (getline line < file)) > 0) text = text line "\n"
  if (status < 0) stop(5, "cannot read " file)
  make_tables()
  total = length(text)
  at = 1
  skip_space()
  read_value(0, 1)
  skip_space()
  if (at <= total) bad("text after the value")
  if (!found) exit 3
  answer()
  exit 0
}

# What is found is kept in `type`, `value`, and for what is in it `keys`, `types`, `values` by number, up to `count`.
function answer(    i, out) {
  if (query == "type") {
    print type
    return
  }
  if (query == "get") {
    if (type == "array" || type == "object") exit 4
    printf "%s", value
    return
  }
  if (type != "array" && type != "object") exit 4
  for (i = 0; i < count; i++) {
    if (i in dropped) continue
    if (query == "words" && (types[i] == "array" || types[i] == "object")) exit 4
    out = out (out == "" ? "" : " ") quote(query == "keys" ? keys[i] : values[i])
  }
  print out
}

# Reads the value at `at`. `depth` counts the keys that led here; `inside` says whether all of them are those of the path.
function read_value(depth, inside,    letter, here, start, kind, result) {
  here = inside && depth == wanted
  letter = substr(text, at, 1)
  start = at
  if (letter == "{") {
    if (here) begin("object")
    read_object(depth, inside)
    return
  }
  if (letter == "[") {
    if (here) begin("array")
    read_array(depth, inside)
    return
  }
  if (letter == "\"") {
    kind = "string"
    result = read_string()
  } else if (match(substr(text, at, 5), /^(true|false)/)) {
    kind = "boolean"
    at += RLENGTH
    result = substr(text, start, RLENGTH)
  } else if (substr(text, at, 4) == "null") {
    kind = "null"
    at += 4
    result = "null"
  } else if (match(substr(text, at, 400), /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/)) {
    kind = "number"
    at += RLENGTH
    result = substr(text, start, RLENGTH)
  } else bad("no value")
  last_type = kind
  last_value = result
  if (here) {
    begin(kind)
    value = result
  }
}

function begin(kind) {
  found = 1
  type = kind
  value = ""
  count = 0
  split("", dropped)
  split("", numbers)
}

function read_object(depth, inside,    key, match_key, here) {
  here = inside && depth == wanted
  at++
  skip_space()
  if (substr(text, at, 1) == "}") {
    at++
    last_type = "object"
    return
  }
  for (;;) {
    if (substr(text, at, 1) != "\"") bad("no key")
    key = read_string()
    skip_space()
    if (substr(text, at, 1) != ":") bad("no colon")
    at++
    skip_space()
    match_key = inside && !here && key "" == way[depth + 1] ""
    # Of equal keys the last counts: what an earlier one led to is forgotten.
    if (match_key) found = 0
    read_value(depth + 1, match_key)
    if (here) keep(key)
    skip_space()
    if (substr(text, at, 1) == "}") {
      at++
      last_type = "object"
      return
    }
    if (substr(text, at, 1) != ",") bad("no comma")
    at++
    skip_space()
  }
}

function read_array(depth, inside,    index_, here) {
  here = inside && depth == wanted
  at++
  skip_space()
  if (substr(text, at, 1) == "]") {
    at++
    last_type = "array"
    return
  }
  for (index_ = 0; ; index_++) {
    read_value(depth + 1, inside && !here && index_ "" == way[depth + 1] "")
    if (here) keep(index_ "")
    skip_space()
    if (substr(text, at, 1) == "]") {
      at++
      last_type = "array"
      return
    }
    if (substr(text, at, 1) != ",") bad("no comma")
    at++
    skip_space()
  }
}

function keep(key) {
  if (key in numbers) dropped[numbers[key]] = 1
  numbers[key] = count
  keys[count] = key
  types[count] = last_type
  values[count] = last_value
  count++
}

function read_string(    result, letter, part) {
  at++
  for (;;) {
    # Take what needs no thought in pieces.
    part = substr(text, at, 200)
    if (match(part, /^[^"\\]+/)) {
      part = substr(part, 1, RLENGTH)
      if (part ~ /[\001-\037]/) bad("a control character in a string")
      result = result part
      at += RLENGTH
      continue
    }
    letter = substr(text, at, 1)
    if (letter == "\"") {
      at++
      return result
    }
    if (letter != "\\") bad("a string without an end")
    letter = substr(text, at + 1, 1)
    at += 2
    if (letter == "u") result = result read_escape()
    else if (letter != "" && letter in escapes) result = result escapes[letter]
    else bad("an unknown escape")
  }
}

# Reads what follows "\u", and a second escape where the first is half of a pair.
function read_escape(    code, low) {
  code = hex4()
  if (code == 0) stop(5, "U+0000 in a string")
  if (code >= 55296 && code < 56320) {
    if (substr(text, at, 2) != "\\u") bad("half a surrogate pair")
    at += 2
    low = hex4()
    if (low < 56320 || low > 57343) bad("half a surrogate pair")
    return utf8(65536 + (code - 55296) * 1024 + low - 56320)
  }
  if (code >= 56448 && code <= 56575) return bytes[code - 56320]
  if (code >= 56320 && code <= 57343) bad("half a surrogate pair")
  return utf8(code)
}

function hex4(    i, digit, code) {
  code = 0
  for (i = 0; i < 4; i++) {
    digit = index("0123456789abcdef", tolower(substr(text, at + i, 1)))
    if (digit == 0 || at + i > total) bad("an unknown escape")
    code = code * 16 + digit - 1
  }
  at += 4
  return code
}

function utf8(code) {
  if (code < 128) return bytes[code]
  if (code < 2048) return bytes[192 + int(code / 64)] bytes[128 + code % 64]
  if (code < 65536) return bytes[224 + int(code / 4096)] bytes[128 + int(code / 64) % 64] bytes[128 + code % 64]
  return bytes[240 + int(code / 262144)] bytes[128 + int(code / 4096) % 64] bytes[128 + int(code / 64) % 64] bytes[128 + code % 64]
}

function skip_space() {
  while (at <= total && index(" \t\n\r", substr(text, at, 1)) > 0) at++
}

function make_tables(    i) {
  for (i = 1; i < 256; i++) bytes[i] = sprintf("%c", i)
  escapes["\""] = "\""
  escapes["\\"] = "\\"
  escapes["/"] = "/"
  escapes["b"] = "\b"
  escapes["f"] = "\f"
  escapes["n"] = "\n"
  escapes["r"] = "\r"
  escapes["t"] = "\t"
}

# Takes a path apart into `parts`, from 1; gives how many there are.
function split_path(path, parts,    i, letter, length_, part, number) {
  length_ = length(path)
  if (length_ == 0) return 0
  number = 0
  for (i = 1; i <= length_; i++) {
    letter = substr(path, i, 1)
    if (letter == ".") {
      parts[++number] = part
      part = ""
    } else if (letter == "\\" && i < length_) part = part substr(path, ++i, 1)
    else part = part letter
  }
  parts[++number] = part
  return number
}

# Writes a text between single quotes; one in it ends them, stands between double quotes, and opens them again.
function quote(word,    pieces, n, i, out) {
  n = split(word, pieces, "'")
  out = "'" pieces[1]
  for (i = 2; i <= n; i++) out = out "'\"'\"'" pieces[i]
  return out "'"
}

function bad(why) {
  stop(5, file ": " why " at byte " at)
}

function stop(code, why) {
  print why > "/dev/stderr"
  exit code
}
