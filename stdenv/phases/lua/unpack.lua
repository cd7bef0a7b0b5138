-- unpack, in Lua: the source becomes the work tree, in which its owner may change everything.
local phase = ...
local null = phase.json.null
local source, source_root = phase.data.source, phase.data.sourceRoot
if source == null then
  return
end

local found = phase.status(source) or phase.fail("the source " .. source .. " does not exist")
local folder = phase.temporary_directory .. "/source"

local kinds = {
  { bytes = "\x1f\x8b", flag = "-z" },
  { bytes = "BZh", flag = "-j" },
  { bytes = "\xfd7zXZ\0", flag = "-J" },
  { bytes = "\x28\xb5\x2f\xfd", program = "zstd" },
  { bytes = "LZIP", program = "lzip" },
  { bytes = "PK\x03\x04", zip = true },
  { bytes = "ustar", at = 257 },
}

local function find_kind(start)
  for _, kind in ipairs(kinds) do
    local at = kind.at or 0
    if start:sub(at + 1, at + #kind.bytes) == kind.bytes then
      return kind
    end
  end
end

local function untar(file, flag)
  local command = { "tar", "-x", "-o", cwd = folder }
  command[#command + 1] = flag
  command[#command + 1] = "-f"
  command[#command + 1] = file
  phase.exec(command)
end

local function unpack_file()
  local kind = find_kind(phase.read_start(source, 512))
  if not kind then
    phase.copy(source, folder .. "/" .. phase.store_name(source))
  elseif kind.zip then
    phase.exec({ "unzip", "-q", source, cwd = folder })
  elseif kind.program then
    local file = phase.temporary_directory .. "/source.tar"
    phase.exec({ kind.program, "-d", "-c", stdin = source, stdout = file })
    untar(file)
    phase.remove(file)
  else
    untar(source, kind.flag)
  end
end

if found.type == "folder" then
  phase.copy_tree(source, folder)
else
  phase.make_folder(folder)
  unpack_file()
end

-- Two modes are all that a store knows, and the owner may write.
phase.set_mode(folder, tonumber("755", 8))
phase.walk(folder, function(path, status)
  if status.type == "folder" then
    phase.set_mode(path, tonumber("755", 8))
  elseif status.type == "file" then
    phase.set_mode(path, tonumber(status.mode & 64 ~= 0 and "755" or "644", 8))
  end
end)

local names = phase.list(folder)
local root = folder
if source_root ~= null and source_root ~= "." then
  root = folder .. "/" .. source_root
  if not phase.is_folder(root) then
    phase.fail("the source has no folder " .. source_root .. "; at its top are: " .. table.concat(names, ", "))
  end
elseif source_root == null and #names == 1 and phase.status(folder .. "/" .. names[1]).type == "folder" then
  root = folder .. "/" .. names[1]
end
for _, name in ipairs(phase.list(root)) do
  phase.move(root .. "/" .. name, phase.work_directory .. "/" .. name)
end
phase.remove(folder)
