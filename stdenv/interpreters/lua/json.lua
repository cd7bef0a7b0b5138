-- JSON for phases in Lua: json.decode(text), json.encode(value), json.null, json.array(list).
--
-- Strings are bytes: UTF-8, and what JSON writes as a lone U+DC80 to U+DCFF is a single byte, as everywhere in cleave. Numbers
-- without fraction and exponent are integers where they fit. Arrays carry a metatable, so that empty ones stay arrays; a table
-- without it is an array if its keys are 1 to n and there is one at least. Keys are written in the order of their bytes.

local json = {}

json.null = setmetatable({}, {
  __tostring = function()
    return "null"
  end,
})

local array_mark = { __name = "array" }

-- Mark a list as an array, which an empty one needs.
function json.array(list)
  return setmetatable(list, array_mark)
end

local escapes = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local decode_value

local function bad(text, at, why)
  error(string.format("not JSON: %s at byte %d", why, math.min(at, #text + 1)), 0)
end

local function skip_space(text, at)
  return text:match("^[ \t\r\n]*()", at)
end

-- Read the four digits of an escape.
local function decode_hex(text, at)
  local digits = text:match("^%x%x%x%x", at)
  if not digits then
    bad(text, at, "an unknown escape")
  end
  return tonumber(digits, 16)
end

-- Read what follows "\u" at `at`; gives the bytes, and what comes behind.
local function decode_escape(text, at)
  local code = decode_hex(text, at)
  at = at + 4
  if code >= 0xd800 and code < 0xdc00 then
    local low = text:sub(at, at + 1) == "\\u" and decode_hex(text, at + 2) or 0
    if low < 0xdc00 or low > 0xdfff then
      bad(text, at, "half a surrogate pair")
    end
    return utf8.char(0x10000 + ((code - 0xd800) << 10) + low - 0xdc00), at + 6
  end
  if code >= 0xdc80 and code <= 0xdcff then
    return string.char(code - 0xdc00), at
  end
  if code >= 0xdc00 and code <= 0xdfff then
    bad(text, at, "half a surrogate pair")
  end
  return utf8.char(code), at
end

local function decode_string(text, at)
  local parts = {}
  at = at + 1
  while true do
    local plain, after = text:match('^([^"\\%c]*)()', at)
    -- Of control characters only those below U+0020 are forbidden.
    while text:byte(after) == 127 do
      local more
      more, after = text:match('^(\127[^"\\%c]*)()', after)
      plain = plain .. more
    end
    parts[#parts + 1] = plain
    local letter = text:sub(after, after)
    if letter == '"' then
      return table.concat(parts), after + 1
    elseif letter ~= "\\" then
      bad(text, after, letter == "" and "a string without an end" or "a control character in a string")
    end
    letter = text:sub(after + 1, after + 1)
    at = after + 2
    if letter == "u" then
      parts[#parts + 1], at = decode_escape(text, at)
    else
      parts[#parts + 1] = escapes[letter] or bad(text, after, "an unknown escape")
    end
  end
end

local function decode_array(text, at)
  local list = json.array({})
  at = skip_space(text, at + 1)
  if text:sub(at, at) == "]" then
    return list, at + 1
  end
  while true do
    list[#list + 1], at = decode_value(text, at)
    at = skip_space(text, at)
    local letter = text:sub(at, at)
    if letter == "]" then
      return list, at + 1
    elseif letter ~= "," then
      bad(text, at, "no comma")
    end
    at = skip_space(text, at + 1)
  end
end

local function decode_object(text, at)
  local object = {}
  at = skip_space(text, at + 1)
  if text:sub(at, at) == "}" then
    return object, at + 1
  end
  while true do
    if text:sub(at, at) ~= '"' then
      bad(text, at, "no key")
    end
    local key
    key, at = decode_string(text, at)
    at = skip_space(text, at)
    if text:sub(at, at) ~= ":" then
      bad(text, at, "no colon")
    end
    object[key], at = decode_value(text, skip_space(text, at + 1))
    at = skip_space(text, at)
    local letter = text:sub(at, at)
    if letter == "}" then
      return object, at + 1
    elseif letter ~= "," then
      bad(text, at, "no comma")
    end
    at = skip_space(text, at + 1)
  end
end

local function decode_number(text, at)
  local whole, after = text:match("^(-?%d+)()", at)
  if not whole or whole:find("^-?0%d") then
    bad(text, at, "no value")
  end
  local fraction = text:match("^%.%d+()", after)
  local exponent = text:match("^[eE][-+]?%d+()", fraction or after)
  local last = exponent or fraction or after
  local digits = text:sub(at, last - 1)
  if not fraction and not exponent then
    return math.tointeger(tonumber(digits)) or tonumber(digits), last
  end
  return tonumber(digits) + 0.0, last
end

local words = { ["true"] = true, ["false"] = false, ["null"] = json.null }

function decode_value(text, at)
  local letter = text:sub(at, at)
  if letter == "{" then
    return decode_object(text, at)
  elseif letter == "[" then
    return decode_array(text, at)
  elseif letter == '"' then
    return decode_string(text, at)
  end
  local word = text:match("^%l+", at)
  if word and words[word] ~= nil then
    return words[word], at + #word
  end
  return decode_number(text, at)
end

-- Read a text of JSON. Raises an error with the place where it is none.
function json.decode(text)
  local value, at = decode_value(text, skip_space(text, 1))
  at = skip_space(text, at)
  if at <= #text then
    bad(text, at, "text after the value")
  end
  return value
end

local short = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

-- Write bytes as JSON; those that are no UTF-8 as lone surrogates.
local function encode_string(text)
  local parts = {}
  local at = 1
  while at <= #text do
    local good, broken = utf8.len(text, at)
    local last = good and #text or broken - 1
    parts[#parts + 1] = text:sub(at, last):gsub('[%c"\\]', function(letter)
      return short[letter] or (letter ~= "\127" and string.format("\\u%04x", letter:byte())) or nil
    end)
    if not good then
      parts[#parts + 1] = string.format("\\u%04x", 0xdc00 + text:byte(broken))
    end
    at = last + (good and 1 or 2)
  end
  return '"' .. table.concat(parts) .. '"'
end

local function is_array(value)
  if getmetatable(value) == array_mark then
    return true
  end
  local count = 0
  for _ in pairs(value) do
    count = count + 1
  end
  return count > 0 and count == #value
end

local function encode_number(value)
  if math.type(value) == "integer" then
    return string.format("%d", value)
  elseif value ~= value or value == math.huge or value == -math.huge then
    error("JSON has no number " .. tostring(value), 0)
  end
  return (string.format("%.17g", value))
end

-- Write a value as JSON in one line.
function json.encode(value)
  local kind = type(value)
  if value == json.null then
    return "null"
  elseif kind == "boolean" then
    return tostring(value)
  elseif kind == "number" then
    return encode_number(value)
  elseif kind == "string" then
    return encode_string(value)
  elseif kind ~= "table" then
    error("JSON has nothing like a " .. kind, 0)
  end
  local parts = {}
  if is_array(value) then
    for index, each in ipairs(value) do
      parts[index] = json.encode(each)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then
      error("a key of JSON that is no string", 0)
    end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for index, key in ipairs(keys) do
    parts[index] = encode_string(key) .. ":" .. json.encode(value[key])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

return json
