-- configure, in Lua: the package's own script looks at the build platform and writes makefiles. Its log is shown where it fails, and
-- removed where it does not.
local phase = ...
local data = phase.data

if not phase.is_file(data.script) then
  phase.fail("there is no script " .. data.script .. " in the source; there are: " .. table.concat(phase.list("."), ", "))
end

local folder = phase.in_work_tree(data.directory)
local way = "./"
if data.directory ~= phase.json.null then
  phase.make_folder(folder)
  way = data.directory:gsub("[^/]+", ".."):gsub("/*$", "/")
end

-- Which folders belong to which outputs, as it is in output-folders.ts.
local folders = {
  { "bindir", "bin", "bin" },
  { "sbindir", "sbin", "bin" },
  { "libdir", "lib", "lib" },
  { "includedir", "include", "dev" },
  { "mandir", "share/man", "man", "doc" },
  { "infodir", "share/info", "info", "doc" },
  { "docdir", "share/doc", "doc" },
}

local function triple(platform)
  return platform.cpu .. "-unknown-" .. platform.kernel .. "-" .. platform.abi
end

local command = { data.shell, way .. data.script }
local function add(flag)
  command[#command + 1] = flag
end
if data.style ~= "plain" then
  add("--prefix=" .. phase.output(phase.outputs.out and "out" or phase.keys(phase.outputs)[1]))
  for _, each in ipairs(folders) do
    local output = phase.outputs[each[3]] or phase.outputs[each[4] or ""]
    if output then
      add("--" .. each[1] .. "=" .. output .. "/" .. each[2])
    end
  end
end
if data.style == "autoconf" then
  add("--build=" .. triple(phase.platforms.build))
  add("--host=" .. triple(phase.platforms.host))
end
for _, flag in ipairs(data.flags) do
  add(flag)
end

command.cwd = folder
command.env = phase.standard_environment()
local done, why = pcall(phase.exec, command)
local logs = phase.glob(folder .. "/**/" .. data.log)
if not done then
  for _, log in ipairs(logs) do
    phase.log(phase.read(log):sub(-4000))
  end
  error(why)
end
for _, log in ipairs(logs) do
  phase.remove(log)
end
