-- Tries each library of the language. The argument is where Lua will be installed.
local output = ...

assert(_VERSION == "Lua 5.4")
assert(package.path:find(output .. "/share/lua/5.4/?.lua", 1, true))
assert(not package.path:find("/usr", 1, true))

-- Numbers: two kinds, and bits.
assert(7 // 2 == 3 and 7 / 2 == 3.5 and 7 % -3 == -2 and 1 << 62 >> 62 == 1)
assert(math.type(1) == "integer" and math.type(1.0) == "float" and 2 ^ 53 == 9007199254740992.0)
assert(math.maxinteger + 1 == math.mininteger and math.tointeger("8") == 8)
assert(string.format("%.14g %5d %q %a", 0.1, 42, "a\nb", 1.0) == '0.1    42 "a\\\nb" 0x1p+0')

-- Texts, patterns and packed bytes.
assert(("hello world"):gsub("o", "0") == "hell0 w0rld")
assert(("key = value"):match("^(%w+)%s*=%s*(%w+)$") == "key")
assert(utf8.len("gr\u{fc}n") == 4 and utf8.char(8364) == "\u{20ac}")
assert(string.unpack("<i4", string.pack("<i4", -2)) == -2)

-- Tables and metatables.
local words = { "pear", "apple", "fig" }
table.sort(words)
assert(table.concat(words, " ") == "apple fig pear" and select("#", table.unpack(words)) == 3)
local point = setmetatable({}, { __index = function(_, key) return key .. "!" end, __len = function() return 7 end })
assert(point.x == "x!" and #point == 7)

-- Functions: closures, coroutines, errors, goto, to-be-closed variables.
local function counter() local n = 0 return function() n = n + 1 return n end end
local count = counter()
assert(count() + count() == 3)
local squares = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end)
assert(squares() + squares() + squares() == 14)
local ok, message = pcall(error, { code = 3 })
assert(not ok and message.code == 3)
assert(select(2, pcall(function() local x = nil; return x.y end)):find("local 'x'", 1, true))
local closed = false
do local _ <close> = setmetatable({}, { __close = function() closed = true end }) end
assert(closed and load("return 1 + 1")() == 2)

-- Files, environment, time.
local name = os.tmpname()
local file = assert(io.open(name, "w"))
assert(file:write("one\n", 2, "\n") and file:close())
local lines = {}
for line in io.lines(name) do lines[#lines + 1] = line end
assert(#lines == 2 and lines[2] == "2" and os.remove(name))
assert(os.getenv("NO_SUCH_VARIABLE") == nil and os.time({ year = 2000, month = 1, day = 1, hour = 12 }) > 0)

-- What is not there says so.
local none, why = package.loadlib("none.so", "*")
assert(none == nil and why:find("not enabled", 1, true))

collectgarbage()
print("all is well")
