dofile(debug.getinfo(1, "S").source:sub(2):gsub("[^/]+$", "common.lua"))
local uuids
function prepare() uuids = read("uuids") end
function request()
  return post('{"query":"query($id:String){customer(id:$id){uuid email fullName status createdAt updatedAt}}","variables":{"id":"'
    .. uuids[math.random(#uuids)] .. '"}}')
end
